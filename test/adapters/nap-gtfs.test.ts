import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import type { Consignment } from '../../core/outbox/outbox.ts';
import { createMemoryOutbox } from '../../core/outbox/memory.ts';
import type { Adapter } from '../../core/plugin.ts';
import { withAreas } from '../../core/service/areas.ts';
import { loadKnowledge } from '../../core/service/knowledge.ts';
import { runAdapter, type RunReport } from '../../core/source/dataset.ts';
import { openLedger, type Ledger } from '../../core/source/ledger.ts';
import { zip } from '../core/source/formats/packed.ts';

const knowledge = await loadKnowledge();
const shipped = knowledge.adapters.get('nap-gtfs') as Adapter;
const clock = (): string => '2030-01-01T00:00:00.000Z';

/** A feed with these stops in Idrija, each with its call of a trip of either agency, and one stop in Maribor. */
function feed(stops: readonly string[]): Buffer {
  const calls = stops.flatMap((stop, index) => [`T1,08:0${index}:00,08:0${index}:00,${stop},${index + 1}`]);
  const tables = {
    agency: [
      'agency_id,agency_name,agency_url,agency_timezone',
      '1,Prvi,https://a.example.org,Europe/Ljubljana',
      '2,Drugi,https://b.example.org,Europe/Ljubljana',
    ],
    stops: [
      'stop_id,stop_name,stop_lat,stop_lon',
      ...stops.map((stop, index) => `${stop},Postaja ${stop},46.00${index + 1},14.025`),
      'M,Maribor,46.5547,15.6459',
    ],
    routes: ['route_id,agency_id,route_short_name,route_type', 'R1,1,1,3', 'R2,2,2,3'],
    trips: ['route_id,service_id,trip_id', 'R1,DEL,T1', 'R2,DEL,T2'],
    stop_times: [
      'trip_id,arrival_time,departure_time,stop_id,stop_sequence',
      ...calls,
      `T2,09:00:00,09:00:00,${stops[0]},1`,
      'T2,10:00:00,10:00:00,M,2',
    ],
    calendar: [
      'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date',
      'DEL,1,1,1,1,1,0,0,20290901,20300630',
    ],
  };
  return zip(Object.entries(tables).map(([name, lines]) => ({ name: `${name}.txt`, text: lines.join('\n') })));
}

describe('a timetable', () => {
  let ledger: Ledger;
  let kept: Consignment[];
  beforeEach(() => {
    ledger = openLedger({ path: ':memory:', clock });
    kept = [];
  });
  afterEach(() => ledger.close());

  function run(bytes: Uint8Array, adapter: Adapter = shipped): Promise<RunReport> {
    kept = [];
    const outbox = createMemoryOutbox(clock);
    return runAdapter({
      adapter,
      knowledge,
      input: { kind: 'file', bytes, name: 'b2b.gtfs' },
      stations: 'all',
      sink: { append: (one) => (kept.push(one), outbox.append(one)) },
      clock,
      memory: { ledger, isComplete: 'yes', onShrink: 'refuse' },
    });
  }

  const publications = () => kept.flatMap((one) => [...one.publications]);
  const ids = (type: string): string[] =>
    publications()
      .map(({ entity }) => entity.id)
      .filter((id) => id.includes(`:${type}:`));

  it('of which a stop is gone has it and its calls deleted, and nothing else', async () => {
    await run(feed(['A', 'B', 'C']));
    expect(publications().some(({ removal }) => removal === true)).toBe(false);
    const report = await run(feed(['A', 'B']));
    expect(report).toMatchObject({ outcome: 'published', vanished: { policy: 'delete', rows: 2, entities: 2 } });
    const removed = publications()
      .filter(({ removal }) => removal === true)
      .map(({ entity }) => entity.id);
    expect(removed.sort()).toEqual(['urn:ngsi-ld:GtfsStop:ijpp:C', expect.stringMatching(/^urn:ngsi-ld:GtfsStopTime:ijpp:T1/)]);
    // The same version once more takes nothing away again.
    await run(feed(['A', 'B']));
    expect(publications().some(({ removal }) => removal === true)).toBe(false);
  });

  it('is cut to the area and the agencies of the configuration', async () => {
    const far = withAreas(knowledge.adapters, { 'nap-gtfs': { area: [15.6, 46.5, 15.7, 46.6] } }).get('nap-gtfs') as Adapter;
    await run(feed(['A', 'B']), far);
    expect(ids('GtfsStop')).toEqual(['urn:ngsi-ld:GtfsStop:ijpp:M']);
    expect(far.revision).not.toBe(shipped.revision);
    ledger.close();
    ledger = openLedger({ path: ':memory:', clock });
    const first = withAreas(knowledge.adapters, { 'nap-gtfs': { agencies: ['1'] } }).get('nap-gtfs') as Adapter;
    await run(feed(['A', 'B']), first);
    expect(ids('GtfsRoute')).toEqual(['urn:ngsi-ld:GtfsRoute:ijpp:R1']);
    expect(ids('GtfsTrip')).toEqual(['urn:ngsi-ld:GtfsTrip:ijpp:T1']);
    expect(ids('GtfsAgency')).toEqual(['urn:ngsi-ld:GtfsAgency:ijpp:1']);
    expect(ids('GtfsStop')).toHaveLength(2);
  });

  it.each([
    ['an area of another adapter', 'arso-air', [13, 45, 14, 46], /arso-air has no timetable/],
    ['corners in another order', 'nap-gtfs', [14, 46, 13, 45], /expected \[west, south, east, north\]/],
  ] as const)('refuses %s', (_, name, area, message) => {
    let faults: readonly string[] = [];
    try {
      withAreas(knowledge.adapters, { [name]: { area } });
    } catch (error) {
      faults = (error as { faults: readonly string[] }).faults;
    }
    expect(faults.join()).toMatch(message);
  });
});
