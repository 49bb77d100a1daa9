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
 * The addresses of a run: one, one for each station where the URL has `{station}`, or one for each of `adapter.parts` where it has
 * `{part}`. `{from}` and `{to}` are days in the dataset's time
 * zone: `days`, else `adapter.readsBack` days ago and today. An error says what the configuration lacks.
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
  const dated = url.replaceAll('{from}', from).replaceAll('{to}', days?.to ?? today.toString());
  if (dated.includes('{part}')) {
    const parts = adapter.parts ?? [];
    return ok(
      parts.map((part) => ({ url: dated.replaceAll('{part}', part), key: `adapters/${adapter.name}/${part}`, body: adapter.post?.[part] })),
    );
  }
  if (!dated.includes('{station}')) return ok([{ url: dated, key: `adapters/${adapter.name}` }]);
  if (stations === 'all' || stations.length === 0) {
    return err(`${adapter.name} is read station by station; list them in adapters.${adapter.name}.stations`);
  }
  return ok(
    stations.map((station) => ({
      url: dated.replaceAll('{station}', encodeURIComponent(station)),
      key: `adapters/${adapter.name}/${station}`,
    })),
  );
}
