import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import express, { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';

import type { Audit } from '../service/audit.ts';
import type { Reach } from '../service/reach.ts';
import { isSameSecret } from '../service/secret.ts';
import { seldomRun } from '../validate/ajv-options.ts';
import { provisioningSchema } from './file.ts';
import type { ProvisionedDevice, Provisioning, Service, Tenant } from './store.ts';
import { unsupportedIn } from './unsupported.ts';

export interface ProvisioningOptions {
  /** Asked for as `Authorization: Bearer` or `X-Auth-Token`; without one everybody who reaches the port may provision. */
  readonly token?: string;
  readonly version: string;
  /** Where the endpoint of a device may be. */
  readonly reach: Reach;
  /** Told of every change. */
  readonly audit: Audit;
  current(): Provisioning;
  /** Keeps a new version before the answer is sent. Throws while the disk cannot be written. */
  keep(next: Provisioning): void;
}

/**
 * The provisioning API of the FIWARE IoT Agents, what existing tools use of it: `/services` (also as `/groups`), `/devices` and `/about`,
 * with `fiware-service` and `fiware-servicepath`. Errors have their form, `{"name","message"}`.
 * Source: API reference of iotagent-node-lib 3 and 4.
 */
export function createProvisioning(options: ProvisioningOptions): Router {
  const { current, keep, reach } = options;
  const ajv = new Ajv2020({ ...seldomRun, allErrors: true, strict: true, strictTypes: false, strictRequired: false });
  const schema = provisioningSchema();
  ajv.addSchema(schema);
  const shape = (name: string): ValidateFunction => ajv.compile({ $ref: `${schema.$id}#/$defs/${name}` });
  const shapes = { services: shape('services'), devices: shape('devices'), service: shape('service'), device: shape('device') };

  const router = Router();
  router.use(guard(options.token));
  router.get('/about', (_request, response) => {
    response.json({ libVersion: options.version, version: options.version, name: 'klavze', baseRoot: '/' });
  });
  router.use(['/services', '/groups', '/devices'], tenantOf, express.json({ limit: '1mb' }), told(options.audit));

  for (const path of ['/services', '/groups']) {
    const list = path.slice(1);
    router.get(path, (request, response) => {
      const found = current().services.filter((one) => isOf(one, request) && isAsked(one, request));
      response.json({ count: found.length, [list]: paged(found, request) });
    });
    router.post(path, (request, response) => {
      const body =
        list === 'groups' ? { services: (request.body as Record<string, unknown> | undefined)?.['groups'] } : (request.body as unknown);
      if (!isValid(shapes.services, body, response, reach)) return;
      const added = (body as { services: Omit<Service, keyof Tenant>[] }).services.map((one) => ({
        resource: '',
        ...one,
        ...tenant(request),
      }));
      const { services, devices } = current();
      const keys = new Set(services.map(serviceKey));
      for (const one of added) {
        if (keys.has(serviceKey(one))) {
          fail(
            response,
            409,
            'DUPLICATE_GROUP',
            `a service group with the resource "${one.resource}" and the apikey "${one.apikey}" exists already`,
          );
          return;
        }
        keys.add(serviceKey(one));
      }
      keep({ services: [...services, ...added], devices });
      response.status(201).json({});
    });
    router.put(path, (request, response) => {
      const one = find(current().services, request);
      if (one === undefined) return noGroup(response);
      const next = { ...one, ...(request.body as Partial<Service> | undefined), service: one.service, subservice: one.subservice };
      if (!isValid(shapes.service, next, response, reach)) return;
      keep({ ...current(), services: current().services.map((service) => (service === one ? next : service)) });
      response.status(204).end();
    });
    router.delete(path, (request, response) => {
      const one = find(current().services, request);
      if (one === undefined) return noGroup(response);
      keep({ ...current(), services: current().services.filter((service) => service !== one) });
      response.status(204).end();
    });
  }

  router.get('/devices', (request, response) => {
    const found = current().devices.filter((one) => isOf(one, request));
    response.json({ count: found.length, devices: paged(found, request) });
  });
  router.post('/devices', (request, response) => {
    if (!isValid(shapes.devices, request.body, response, reach)) return;
    const added = (request.body as { devices: Omit<ProvisionedDevice, keyof Tenant>[] }).devices.map((one) => ({
      ...one,
      ...tenant(request),
    }));
    const { services, devices } = current();
    const keys = new Set(devices.map(deviceKey));
    for (const one of added) {
      if (keys.has(deviceKey(one))) {
        fail(response, 409, 'DUPLICATE_DEVICE_ID', `a device with the id "${one.device_id}" exists already`);
        return;
      }
      keys.add(deviceKey(one));
    }
    keep({ services, devices: [...devices, ...added] });
    response.status(201).json({});
  });
  router.get('/devices/:id', (request, response) => {
    const one = findDevice(current().devices, request);
    if (one === undefined) noDevice(request, response);
    else response.json(one);
  });
  router.put('/devices/:id', (request, response) => {
    const one = findDevice(current().devices, request);
    if (one === undefined) return noDevice(request, response);
    const { device_id, service, subservice } = one;
    const next = { ...one, ...(request.body as Partial<ProvisionedDevice> | undefined), device_id, service, subservice };
    if (!isValid(shapes.device, next, response, reach)) return;
    keep({ ...current(), devices: current().devices.map((device) => (device === one ? next : device)) });
    response.status(204).end();
  });
  router.delete('/devices/:id', (request, response) => {
    const one = findDevice(current().devices, request);
    if (one === undefined) return noDevice(request, response);
    keep({ ...current(), devices: current().devices.filter((device) => device !== one) });
    response.status(204).end();
  });
  router.use(unreadable);
  return router;
}

/** Lets through who knows the token; everybody where there is none. */
export function guard(token: string | undefined): RequestHandler {
  return (request, response, next) => {
    const [, bearer] = /^Bearer\s+(.+)$/i.exec(request.get('authorization') ?? '') ?? [];
    const given = bearer ?? request.get('x-auth-token');
    if (token === undefined || (given !== undefined && isSameSecret(given, token))) next();
    else
      fail(
        response.set('WWW-Authenticate', 'Bearer'),
        401,
        'UNAUTHORIZED',
        'expected Authorization: Bearer <token> or X-Auth-Token: <token>',
      );
  };
}

const tenantOf: RequestHandler = (request, response, next) => {
  const { service, subservice } = tenant(request);
  if (service === '' || subservice === '') {
    fail(response, 400, 'MISSING_HEADERS', 'the request needs the headers fiware-service and fiware-servicepath');
  } else if (!/^[a-z0-9_]{1,50}$/.test(service) || !/^\/[A-Za-z0-9_/*]{0,200}$/.test(subservice)) {
    fail(response, 400, 'WRONG_SYNTAX', 'fiware-service is letters, digits and _, fiware-servicepath begins with /');
  } else next();
};

function tenant(request: Request): Tenant {
  return { service: (request.get('fiware-service') ?? '').toLowerCase(), subservice: request.get('fiware-servicepath') ?? '' };
}

/** Changes that were made, by whom; API keys are left out. */
function told(audit: Audit): RequestHandler {
  return (request, response, next) => {
    const { method, path, baseUrl } = request;
    response.on('finish', () => {
      if (method === 'GET' || response.statusCode >= 300) return;
      const { devices = [], services = [], groups = [] } = (request.body ?? {}) as Record<string, Record<string, string>[]>;
      const named = [
        ...devices.map((one) => one['device_id']),
        ...[...services, ...groups].map((one) => one['entity_type'] ?? one['type']),
      ];
      const of = [path === '/' ? undefined : path.slice(1), ...named].filter((id) => id !== undefined);
      const { service, subservice } = tenant(request);
      const action = `provisioning.${{ POST: 'create', PUT: 'change', DELETE: 'delete' }[method] ?? method}`;
      const what = baseUrl.split('/').at(-1);
      audit({ action, actor: requestActor(request), of, detail: { what, service, subservice } });
    });
    next();
  };
}

/** Who sent a request, for the audit log. */
export function requestActor({ ip }: Request): string {
  return `http:${ip ?? 'unknown'}`;
}

/** `/*` are all paths of a service. */
function isOf(one: Tenant, request: Request): boolean {
  const { service, subservice } = tenant(request);
  return one.service === service && (subservice === '/*' || one.subservice === subservice);
}

function isAsked(one: Service, { query }: Request): boolean {
  const { apikey, resource } = query;
  return (apikey === undefined || one.apikey === apikey) && (resource === undefined || (one.resource ?? '') === resource);
}

function find(services: readonly Service[], request: Request): Service | undefined {
  if (request.query['apikey'] === undefined) return undefined;
  return services.find((one) => isOf(one, request) && isAsked(one, request));
}

function findDevice(devices: readonly ProvisionedDevice[], request: Request): ProvisionedDevice | undefined {
  return devices.find((one) => isOf(one, request) && one.device_id === request.params['id']);
}

function serviceKey({ apikey, resource = '' }: Service): string {
  return JSON.stringify([apikey, resource]);
}

function deviceKey({ service, subservice, device_id: id, apikey }: ProvisionedDevice): string {
  return JSON.stringify([service, subservice, id, apikey]);
}

function paged<T>(all: readonly T[], { query }: Request): readonly T[] {
  const number = (value: unknown, otherwise: number): number => (/^\d{1,6}$/.test(String(value)) ? Number(value) : otherwise);
  const offset = number(query['offset'], 0);
  return all.slice(offset, offset + number(query['limit'], 1000));
}

function isValid(validate: ValidateFunction, body: unknown, response: Response, reach: Reach): boolean {
  if (validate(body)) {
    const unsupported = unsupportedIn(body, reach);
    if (unsupported.length > 0) fail(response, 400, 'WRONG_SYNTAX', unsupported.join('; '));
    return unsupported.length === 0;
  }
  const faults = (validate.errors ?? []).map(({ instancePath, message, params }: ErrorObject) => {
    const allowed = (params as { allowedValues?: unknown[] }).allowedValues;
    return `${instancePath || '/'} ${message ?? 'is not valid'}${allowed === undefined ? '' : `: ${allowed.join(', ')}`}`;
  });
  fail(response, 400, 'WRONG_SYNTAX', [...new Set(faults)].join('; '));
  return false;
}

function noGroup(response: Response): void {
  fail(response, 404, 'DEVICE_GROUP_NOT_FOUND', 'there is no service group with this apikey and resource; both are query parameters');
}

function noDevice(request: Request, response: Response): void {
  fail(response, 404, 'DEVICE_NOT_FOUND', `no device was found with id: ${String(request.params['id'])}`);
}

export function fail(response: Response, status: number, name: string, message: string): void {
  response.status(status).json({ name, message });
}

/** What the body reader refuses, and a disk that cannot be written. */
export const unreadable: ErrorRequestHandler = (
  error: { readonly status?: number; readonly message?: string },
  _request,
  response,
  next,
) => {
  if (response.headersSent) next(error);
  else if (error.status !== undefined && error.status < 500)
    fail(response, error.status, 'WRONG_SYNTAX', error.message ?? 'the body cannot be read');
  else fail(response, 503, 'STORAGE_UNAVAILABLE', 'nothing can be kept at the moment; try again');
};
