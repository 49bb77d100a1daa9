import { Counter, Histogram, type Registry } from 'prom-client';

export interface GatewayMetrics {
  answered(level: string, status: number, seconds: number): void;
}

export function createGatewayMetrics(registry: Registry): GatewayMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'klavze_gateway_requests_total',
    help: 'Requests to the gateway by the level of the caller and the HTTP status',
    labelNames: ['level', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'klavze_gateway_request_seconds',
    help: 'Duration of requests to the gateway, the broker included',
    buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  return {
    answered(level, status, seconds) {
      requests.inc({ level, status });
      durations.observe(seconds);
    },
  };
}
