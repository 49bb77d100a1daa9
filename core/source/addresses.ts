import { Temporal } from '@js-temporal/polyfill';

import type { Adapter, Instant } from '../plugin.ts';
import { err, ok, type Result } from '../result.ts';

/** An address to read, and under which key of the run's state its validators are kept. */
export interface Address {
  readonly url: string;
  readonly key: string;
  /** Sent by POST, as JSON. */
  readonly body?: object | undefined;
}

/**
 * The addresses of a run: one, one for each station where the URL or what is posted has `{station}`, or one for each of `adapter.parts`
 * where it has `{part}`. `{from}` and `{to}` are days in the dataset's time zone: `days`, else `adapter.readsBack` days ago and today. An
 * error says what the configuration lacks.
 */
export function addressesOf(
  url: string,
  stations: 'all' | readonly string[],
  adapter: Adapter,
  now: Instant,
  days?: { readonly from: string; readonly to: string },
): Result<readonly Address[], string> {
  const today = Temporal.Instant.from(now).toZonedDateTimeISO(adapter.dataset.timezone).toPlainDate();
  const from = days?.from ?? today.subtract({ days: adapter.readsBack ?? 0 }).toString();
  const to = days?.to ?? today.toString();
  const address = (part: string, station: string): Address => {
    const fill = (text: string, encode = (value: string): string => value): string =>
      text.replaceAll('{from}', from).replaceAll('{to}', to).replaceAll('{part}', part).replaceAll('{station}', encode(station));
    const body = adapter.post?.[part];
    const key = [`adapters/${adapter.name}`, part + station].filter((text) => text !== '').join('/');
    return { url: fill(url, encodeURIComponent), key, ...(body !== undefined && { body: filled(body, fill) }) };
  };
  if (asksWith('{part}', url, adapter)) return ok((adapter.parts ?? []).map((part) => address(part, '')));
  if (!asksWith('{station}', url, adapter)) return ok([address('', '')]);
  if (stations === 'all' || stations.length === 0) {
    return err(`${adapter.name} is read station by station; list them in adapters.${adapter.name}.stations`);
  }
  return ok(stations.map((station) => address('', station)));
}

/** Whether the URL, or what is posted to it, has a place for something. */
export function asksWith(place: '{part}' | '{station}' | '{from}', url: string, { post }: Pick<Adapter, 'post'>): boolean {
  return url.includes(place) || JSON.stringify(post?.[''] ?? {}).includes(place);
}

/** The same value with every text in it filled in. */
function filled(body: object, fill: (text: string) => string): object {
  return JSON.parse(JSON.stringify(body), (_, value: unknown) => (typeof value === 'string' ? fill(value) : value)) as object;
}
