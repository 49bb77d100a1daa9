import { accepted, dateTime, measured, property, secondsAfter, urn, type Entity, type Outcome } from '#core';
import { dataset } from './dataset.ts';
import { targets, type MeterRecord } from './record.ts';

const intervalSeconds = 900;

/**
 * A usage point as ThreePhaseAcMeasurement, whose energies count from `dateEnergyMeteringStarted`: the start of the quarter of an hour that
 * ends with `observedAt`. The register since installation goes to SmartMeteringObservation, which means just that.
 */
export function map({ usagePoint, quantity, value, observedAt, status }: MeterRecord): Outcome<Entity> {
  const target = targets[quantity];
  if (target === undefined) return accepted();
  const { type, attribute, unitCode, factor } = target;
  const entity: Entity = {
    id: urn(type, 'moj-elektro', usagePoint),
    type,
    [attribute]: measured(Number((value * factor).toFixed(6)), unitCode, observedAt, status),
    dataProvider: property(dataset.attribution),
    source: property(dataset.landingPage),
  };
  if (type === 'SmartMeteringObservation') entity['meterType'] = property('Electricity');
  else entity['dateEnergyMeteringStarted'] = { ...dateTime(secondsAfter(observedAt, -intervalSeconds)), observedAt };
  return accepted(entity);
}
