import { accepted, measured, observedPeriod, property, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { CountRecord } from './record.ts';

/** One TrafficFlowObserved per site and per channel; the hour is its period. */
export function map({ site, channel, observedFrom, observedAt, count }: CountRecord): Outcome<Entity> {
  const place = [site, ...(channel === undefined ? [] : [channel])];
  return accepted({
    id: urn('TrafficFlowObserved', 'eco-counter', ...place),
    type: 'TrafficFlowObserved',
    name: property(`Eco-Counter ${place.join(' ')}`),
    ...observedPeriod(observedFrom, observedAt),
    intensity: measured(count, 'C62', observedAt),
    dataProvider: property(dataset.attribution),
    source: property(dataset.landingPage),
  });
}
