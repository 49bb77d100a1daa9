/** Everything that runs in a scenario: Mosquitto, the NGSI-LD broker, the proxy before it, one or two `klavze up`. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect as connectMqtt } from 'mqtt';

import { makeInternalCertificate } from '../../bin/stack/certificates.ts';
import { packageRoot } from '../../core/paths.ts';
import { loadAdapters } from '../../core/service/plugins.ts';
import { natsBinary } from '../../test/core/outbox/nats.ts';
import { freePort, mosquittoBinary } from '../../test/core/source/mqtt-brokers.ts';
import { Program, until } from './programs.ts';
import { startProxy, type Proxy } from './proxy.ts';
import { Recorder } from './recorder.ts';
import { deviceId, type Truth } from './truth.ts';

export interface StageOptions {
  /** A broker elsewhere; left out: the embedded one, as a process of its own. */
  readonly broker?: string;
  /** The devices go to these in turn; '' is the broker's default tenant. */
  readonly tenants?: readonly string[];
  /** Age of the first measurement. Default a day. */
  readonly ageMs?: number;
  /** So many `klavze up` share the devices of one tenant, over a NATS. */
  readonly shards?: number;
}

/** One `klavze up` with its data. */
export interface Agent {
  readonly dataDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly program: Program;
  readonly recorder: Recorder;
  readonly healthUrl: string;
  readonly shard?: number;
}

interface Health {
  readonly checks?: Readonly<Record<string, { readonly ok: boolean; readonly detail: string } | undefined>>;
}

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
export const fileOf = (name: string): string => fileURLToPath(new URL(`./${name}${extension}`, import.meta.url));
const klavzeBinary = join(packageRoot, 'dist', 'bin', 'klavze.js');

export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), 'klavze-chaos-'));
  readonly truth: Truth;
  readonly agents: Agent[] = [];
  readonly closers: (() => Promise<void> | void)[] = [];
  /** For the sensors. */
  mqttPort = 0;
  /** For Klavže, over TLS as in the stack. */
  private internalPort = 0;
  mosquitto!: Program;
  natsUrl = '';
  shards = 1;
  tenants: readonly string[] = [''];
  proxy!: Proxy;
  brokerUrl = '';

  private constructor({ ageMs = 86_400_000 }: StageOptions) {
    this.truth = { run: this.folder.slice(-6).toLowerCase(), devices: 20, base: Date.now() - ageMs };
  }

  /** Starts all but `klavze up`. `opened` is told of the stage as soon as there is one, so that it can be closed from outside. */
  static async open(options: StageOptions, opened: (stage: Stage) => void): Promise<Stage> {
    const stage = new Stage(options);
    // From here on there is something to remove, whatever happens next.
    opened(stage);
    stage.tenants = options.tenants ?? [''];
    try {
      await stage.startBrokers(options);
      if (options.shards !== undefined) await stage.startNats(options.shards);
      for (let shard = 0; shard < stage.shards && stage.natsUrl !== ''; shard++) await stage.addShard(shard);
      if (stage.natsUrl === '') stage.agents.push(await stage.agent());
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  get agent0(): Agent {
    const [first] = this.agents;
    if (first === undefined) throw new Error('the stage has no agent');
    return first;
  }

  /** One more process for a shard, not started yet. */
  async addShard(shard: number): Promise<Agent> {
    const [first] = this.agents;
    const agent = await this.agent({
      KLAVZE_OUTBOX: this.natsUrl,
      KLAVZE_SHARD: `${shard}/${this.shards}`,
      KLAVZE_LEASE_SECONDS: '5',
      KLAVZE_MQTT_CLIENT_ID: `klavze-${this.truth.run}`,
      // The proxy knows by it who writes.
      KLAVZE_BROKER_TOKEN: `writer-${this.agents.length}`,
    });
    const shared = { ...agent, shard, recorder: first?.recorder ?? agent.recorder };
    this.agents.push(shared);
    return shared;
  }

  /** Whether the process runs; of processes that share the devices, one for each shard. */
  isServed(agent: Agent): boolean {
    if (this.natsUrl === '') return agent.program.runs;
    const served = new Set(this.agents.filter(({ program }) => program.runs).map(({ shard }) => shard));
    return served.size === this.shards;
  }

  /** Starts a process of a shard that has one, and waits until it stands by. */
  async standBy(agent: Agent): Promise<void> {
    agent.program.start();
    await until('a process stands by', async () => {
      if (!agent.program.runs) throw new Error(`klavze up ended:\n${agent.program.log.slice(-3_000)}`);
      const detail = (await this.health(agent))?.checks?.['shard']?.detail;
      return detail?.includes('stands by') === true ? true : undefined;
    });
  }

  private async startNats(shards: number): Promise<void> {
    this.shards = shards;
    const port = await freePort();
    const words = ['-js', '-a', '127.0.0.1', '-p', String(port), '-sd', join(this.folder, 'nats')];
    const nats = new Program({ file: natsBinary ?? 'nats-server', words, log: join(this.folder, 'nats.log') });
    this.closers.push(async () => void (await nats.end('SIGKILL')));
    nats.start();
    await until('nats-server listens', () => listens(port), 30);
    this.natsUrl = `nats://127.0.0.1:${port}`;
  }

  /** Starts `klavze up` and waits until it has its MQTT connection. */
  async up(agent = this.agent0, environment: Readonly<Record<string, string>> = {}): Promise<void> {
    agent.program.start(environment);
    await until('klavze up is connected to the MQTT broker', async () => {
      if (!agent.program.runs) throw new Error(`klavze up ended:\n${agent.program.log.slice(-3_000)}`);
      return (await this.health(agent))?.checks?.['mqtt']?.ok === true ? true : undefined;
    });
  }

  async health(agent = this.agent0): Promise<Health | undefined> {
    const answer = await fetch(agent.healthUrl, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    return answer === undefined ? undefined : ((await answer.json()) as Health);
  }

  /** Figures that tell where a message is that did not arrive. */
  async waiting(agent = this.agent0): Promise<string> {
    const url = agent.healthUrl.replace('/health/ready', '/metrics');
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    const metrics = (await answer?.text()) ?? 'klavze gives no metrics';
    const own = metrics.split('\n').filter((line) => /^klavze_(outbox|received|deliveries|delivered|requests|dead)/.test(line));
    return [...own, await this.queued()].join('\n');
  }

  private queued(): Promise<string> {
    return new Promise((resolve) => {
      const client = connectMqtt(`mqtt://127.0.0.1:${this.mqttPort}`);
      const texts: string[] = [];
      client.on('error', () => undefined);
      client.subscribe('$SYS/broker/#');
      client.on('message', (topic, payload) => {
        if (/(dropped|stored|inflight|received|sent)$/.test(topic)) texts.push(`${topic} ${payload.toString()}`);
      });
      setTimeout(() => client.end(true, () => resolve(texts.join('\n'))), 1_500);
    });
  }

  async startMosquitto(): Promise<void> {
    this.mosquitto.start();
    await until('mosquitto listens', () => listens(this.mqttPort), 30);
  }

  /** Ends and removes everything; may be called more than once. */
  async close(): Promise<void> {
    try {
      for (let close = this.closers.pop(); close !== undefined; close = this.closers.pop()) {
        // One that fails must not leave the others running.
        await Promise.resolve(close()).catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
      }
    } finally {
      rmSync(this.folder, { recursive: true, force: true });
    }
  }

  private async startBrokers(options: StageOptions): Promise<void> {
    [this.mqttPort, this.internalPort] = [await freePort(), await freePort()];
    this.mosquitto = new Program({
      file: mosquittoBinary ?? 'mosquitto',
      words: ['-c', this.mosquittoConfig()],
      log: join(this.folder, 'mosquitto.log'),
    });
    this.closers.push(async () => void (await this.mosquitto.end('SIGKILL')));
    await this.startMosquitto();
    this.brokerUrl = options.broker ?? (await this.embeddedBroker());
    this.proxy = await startProxy(this.brokerUrl, () => this.agents[0]?.recorder);
    this.closers.push(() => this.proxy.close());
  }

  private async embeddedBroker(): Promise<string> {
    const port = await freePort();
    const broker = new Program({
      file: process.execPath,
      words: [...process.execArgv, fileOf('broker'), String(port), join(this.folder, 'broker.db')],
      log: join(this.folder, 'broker.log'),
    });
    this.closers.push(async () => void (await broker.end('SIGKILL')));
    broker.start();
    await until('the NGSI-LD broker listens', () => listens(port), 60);
    return `http://127.0.0.1:${port}`;
  }

  /** The settings of deploy/mosquitto; only who may connect, the paths and the port are of this bench. */
  private mosquittoConfig(): string {
    const data = join(this.folder, 'mosquitto');
    mkdirSync(data);
    // Started by root, Mosquitto becomes the user `mosquitto` and must still reach its files.
    chmodSync(this.folder, 0o755);
    chmodSync(data, 0o777);
    makeInternalCertificate(this.folder, 'internal', 'localhost');
    const key = join(this.folder, 'internal.key');
    chmodSync(key, 0o644);
    const deployed = readFileSync(join(packageRoot, 'deploy', 'mosquitto', 'mosquitto.conf'), 'utf8');
    const lines = deployed
      .split('\n')
      .filter(
        (line) => !/^(listener|allow_anonymous|password_file|acl_file|persistence_location|certfile|keyfile|tls_version) /.test(line),
      );
    const own = [
      ...[`listener ${this.mqttPort} 127.0.0.1`, 'allow_anonymous true', `persistence_location ${data}/`],
      ...[`listener ${this.internalPort} 127.0.0.1`, `certfile ${this.certificate}`, `keyfile ${key}`, 'tls_version tlsv1.2'],
    ];
    const file = join(this.folder, 'mosquitto.conf');
    writeFileSync(file, [...own, ...lines].join('\n'));
    return file;
  }

  private get certificate(): string {
    return join(this.folder, 'internal.crt');
  }

  /** Where the entity of a device is. */
  tenantOf(device: number): string {
    return this.tenants[device % this.tenants.length] ?? '';
  }

  private async agent(more: Readonly<Record<string, string>> = {}): Promise<Agent> {
    const folder = join(this.folder, `agent-${this.agents.length}`);
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir, { recursive: true });
    const { devices } = this.truth;
    const registry = Array.from({ length: devices }, (_, n) => ({
      id: deviceId(this.truth, n),
      family: 'air-quality',
      location: [14.03, 46],
      ...(this.tenantOf(n) !== '' && { tenant: this.tenantOf(n) }),
    }));
    writeFileSync(join(folder, 'devices.yaml'), JSON.stringify({ devices: registry }));
    const adapters = [...(await loadAdapters()).keys()].map((name) => [name, { enabled: false }] as const);
    writeFileSync(join(folder, 'klavze.yaml'), JSON.stringify({ adapters: Object.fromEntries(adapters) }));
    const port = await freePort();
    const environment = {
      KLAVZE_CONFIG: join(folder, 'klavze.yaml'),
      KLAVZE_DATA_DIR: dataDir,
      KLAVZE_DEVICES_FILE: join(folder, 'devices.yaml'),
      KLAVZE_HTTP_PORT: String(port),
      KLAVZE_BROKER_URL: this.proxy.url,
      KLAVZE_MQTT_URL: `mqtts://localhost:${this.internalPort}`,
      NODE_EXTRA_CA_CERTS: this.certificate,
      KLAVZE_MQTT_CLIENT_ID: `klavze-${this.truth.run}-${this.agents.length}`,
      ...more,
    };
    const log = join(folder, 'klavze.log');
    const program = new Program({ file: process.execPath, words: [klavzeBinary, 'up'], log, environment });
    this.closers.push(async () => void (await program.end('SIGKILL')));
    const healthUrl = `http://127.0.0.1:${port}/health/ready`;
    return { dataDir, environment, program, recorder: new Recorder(this.truth), healthUrl };
  }
}

function listens(port: number): Promise<true | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(undefined));
  });
}
