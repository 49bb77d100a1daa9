import { describe, expect, it } from '@jest/globals';

import { contextFor, coreContext } from '../../../core/entity/contexts.ts';
import { loadModels } from '../../../core/service/load-models.ts';

const models = loadModels();

describe('contextFor', () => {
  it('has our terms first and the core last', () => {
    const context = contextFor('environment', models)?.['@context'];
    expect(context).toHaveLength(2);
    expect(context?.[1]).toBe(coreContext);
    expect(context?.[0]).toMatchObject({
      AirQualityObserved: 'https://smartdatamodels.org/dataModel.Environment/AirQualityObserved',
      WaterObserved: 'https://smartdatamodels.org/dataModel.Environment/WaterObserved',
      pm25: 'https://smartdatamodels.org/dataModel.Environment/pm25',
      dateObserved: 'https://smartdatamodels.org/dateObserved',
      streetNr: 'https://smartdatamodels.org/streetNr',
    });
  });

  it('leaves the terms of the core to the core', () => {
    for (const subject of models.subjects.keys()) {
      const terms = Object.keys(contextFor(subject, models)?.['@context'][0] ?? {});
      for (const term of ['id', 'type', 'value', 'location', 'observedAt', 'unitCode', 'status', 'Property'])
        expect(terms).not.toContain(term);
    }
  });

  it('is another one for each subject, since the same word means different things', () => {
    const iriOfTemperature = (subject: string): string | undefined => contextFor(subject, models)?.['@context'][0]['temperature'];
    expect(new Set(['environment', 'weather', 'water-quality'].map(iriOfTemperature)).size).toBe(3);
  });

  it('is undefined for an unknown subject', () => {
    expect(contextFor('everything', models)).toBeUndefined();
  });
});
