import { accepted, dateTime, property, relationship, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import type { WarningRecord } from './record.ts';

/** A warning is known by its region, its kind and when it begins: a newer message about it is a new state. */
export function map(record: WarningRecord): Outcome<Entity> {
  const { region, regionName, subCategory, severity, headline, headlineEn, description, dateIssued, validFrom, validTo, area } = record;
  const entity: Entity = {
    id: urn('WeatherAlert', 'arso', region.replace(/_$/, ''), subCategory, validFrom.replace(/[-:]|\.\d+/g, '')),
    type: 'WeatherAlert',
    name: property(headline),
    areaServed: property(regionName),
    category: property('weather'),
    subCategory: property(subCategory),
    // The moment makes a warning that is read again a repetition.
    severity: property(severity, dateIssued),
    dateIssued: dateTime(dateIssued),
    validFrom: dateTime(validFrom),
    validTo: dateTime(validTo),
    alertSource: relationship(dataset.landingPage),
    dataProvider: property(dataset.attribution),
    source: property(dataset.landingPage),
  };
  if (headlineEn !== undefined) entity['alternateName'] = property(headlineEn);
  if (description !== undefined) entity['description'] = property(description);
  if (area !== undefined) {
    const rings = area.map((ring) => ring.map(([longitude, latitude]): [number, number] => [longitude, latitude]));
    const [only, ...others] = rings;
    entity['location'] = {
      type: 'GeoProperty',
      value:
        only !== undefined && others.length === 0
          ? { type: 'Polygon', coordinates: [only] }
          : { type: 'MultiPolygon', coordinates: rings.map((ring) => [ring]) },
    };
  }
  return accepted(entity);
}
