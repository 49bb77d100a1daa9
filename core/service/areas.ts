import { ConfigError } from '../errors.ts';
import { digestOf } from '../outbox/hash.ts';
import type { Adapter, Format } from '../plugin.ts';
import type { AdapterConfig } from './config.ts';

/**
 * The adapters with the area and agencies that the configuration gives to their timetables. What is made of a feed changes with them, and
 * so does the revision: an unchanged feed is read once more.
 * @throws {ConfigError} where the adapter has no timetable, or the corners of an area are not west, south, east, north.
 */
export function withAreas(
  adapters: ReadonlyMap<string, Adapter>,
  settings: Readonly<Record<string, Pick<AdapterConfig, 'area' | 'agencies'>>>,
): Map<string, Adapter> {
  const changed = new Map(adapters);
  const faults: string[] = [];
  for (const [name, { area, agencies }] of Object.entries(settings)) {
    const adapter = adapters.get(name);
    if (adapter === undefined || (area === undefined && agencies === undefined)) continue;
    const at = `adapters.${name}.${area === undefined ? 'agencies' : 'area'}`;
    if (!formsOf(adapter.format).some(({ kind }) => kind === 'gtfs')) {
      faults.push(`${at}: ${name} has no timetable; its places are chosen by adapters.${name}.stations`);
      continue;
    }
    if (area !== undefined && (area[0] >= area[2] || area[1] >= area[3])) {
      faults.push(`${at} is [${area.join(', ')}], expected [west, south, east, north] in degrees, such as [13.75, 45.9, 14.2, 46.2]`);
      continue;
    }
    const chosen = { ...(area !== undefined && { area }), ...(agencies !== undefined && { agencies }) };
    const form = (format: Format): Format => (format.kind === 'gtfs' ? { ...format, ...chosen } : format);
    const format: Format =
      adapter.format.kind === 'oneOf'
        ? { ...adapter.format, formats: adapter.format.formats.map(form) as [Format, ...Format[]] }
        : form(adapter.format);
    changed.set(name, { ...adapter, format, revision: digestOf(JSON.stringify(chosen)) });
  }
  if (faults.length > 0) throw new ConfigError('the configuration of an adapter is not valid', faults);
  return changed;
}

function formsOf(format: Format): readonly Format[] {
  return format.kind === 'oneOf' ? format.formats : [format];
}
