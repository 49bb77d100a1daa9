import { attributesOf, type Entity } from '../../core/entity/entity.ts';
import type { Device, Family } from '../../core/plugin.ts';
import { loadQuantities } from '../../core/service/load-models.ts';
import { table } from './markdown.ts';

const observedAt = '2026-01-01T00:00:00.000Z';

/**
 * Quantity → unit → attribute of a family, as its `map` does it: each quantity alone, with a fraction so that every way is taken, of a
 * device whose registry entry says what families ask for.
 */
export function familyFields(family: Family): string {
  const rows: string[][] = [];
  const unpublished: string[] = [];
  for (const quantity of family.quantities) {
    const entities = entitiesOf(family, quantity);
    const places = placesOf(family, quantity);
    if (places.length === 0) unpublished.push(quantity);
    else
      rows.push([
        quantity,
        unitOf(quantity),
        places.map((place) => `\`${place}\``).join(', '),
        [...new Set(entities.flatMap(unitCodesOf))].join(', '),
      ]);
  }
  const fields = table(['quantity', 'unit', 'attribute', 'unit code'], rows);
  return unpublished.length === 0 ? fields : `${fields}\n\nReadings without an attribute, not published: ${unpublished.join(', ')}.`;
}

/** Where a family publishes a quantity: `AirQualityObserved.pm10`. */
export function placesOf(family: Family, quantity: string): string[] {
  return entitiesOf(family, quantity).flatMap((entity) => measuredIn(entity).map((attribute) => `${entity.type}.${attribute}`));
}

function entitiesOf(family: Family, quantity: string): Entity[] {
  const device: Device = { id: 'x', family: family.name, location: [14, 46], datum: 3, totalSpots: 40 };
  return family.map([{ quantity, value: 0.5, observedAt }], device).values;
}

/** Measured attributes of an entity; of an object, its members. */
function measuredIn(entity: Entity): string[] {
  return attributesOf(entity)
    .filter(([name, { observedAt: moment }]) => moment !== undefined && !name.startsWith('dateObserved'))
    .flatMap(([name, attribute]) => {
      const value = attribute.type === 'Property' ? attribute.value : undefined;
      if (typeof value !== 'object' || Array.isArray(value)) return [name];
      return Object.keys(value).map((member) => `${name}.${member}`);
    });
}

function unitCodesOf(entity: Entity): string[] {
  return attributesOf(entity).flatMap(([, attribute]) => (attribute.type === 'Property' ? (attribute.unitCode ?? []) : []));
}

const quantities = loadQuantities();

function unitOf(quantity: string): string {
  return quantities.get(quantity)?.unit ?? '';
}
