import { accepted, property, urn, type Entity, type Outcome, type Property } from '#core';
import { dataset } from './dataset.ts';
import type { FigureRecord } from './record.ts';

/** One KeyPerformanceIndicator per indicator and area; each period is a state of it, observed when the period was over. */
export function map(record: FigureRecord): Outcome<Entity> {
  const { area, areaName, indicator, measure, title, frequency, from, to, observedAt, value, unitCode, uncertain } = record;
  const figure: Property = { ...property(value, observedAt), ...(unitCode !== undefined && { unitCode }) };
  if (uncertain) figure.status = { type: 'Property', value: 'suspect' };
  return accepted({
    id: urn('KeyPerformanceIndicator', 'surs', indicator, area),
    type: 'KeyPerformanceIndicator',
    name: property(`${measure}, ${areaName}`),
    ...(title !== undefined && { description: property(title) }),
    area: property(areaName),
    category: property(['quantitative']),
    kpiValue: figure,
    calculationPeriod: property({ from, to }, observedAt),
    ...(frequency !== undefined && { calculationFrequency: property(frequency) }),
    calculatedBy: property(dataset.publisher.replace(/ \(.*$/, '')),
    dataProvider: property(dataset.attribution),
    source: property(dataset.landingPage),
  });
}
