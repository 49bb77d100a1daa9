import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { dateTime, measured, point, property, relationship } from '../../../core/entity/build.ts';
import { check } from '../../../core/entity/check.ts';
import type { Entity } from '../../../core/entity/entity.ts';
import { loadModels } from '../../../core/service/load-models.ts';

const models = loadModels();
const now = '2026-05-01T10:00:00.000Z';
const observedAt = '2026-05-01T09:00:00.000Z';

function air(attributes: Record<string, unknown> = {}): Entity {
  return {
    id: 'urn:ngsi-ld:AirQualityObserved:lisjaki-7',
    type: 'AirQualityObserved',
    dateObserved: dateTime(observedAt),
    location: point(14.02, 46),
    pm10: measured(23.4, 'GQ', observedAt),
    ...attributes,
  } as Entity;
}

function weather(attributes: Record<string, unknown>): Entity {
  return {
    id: 'urn:ngsi-ld:WeatherObserved:lisjaki',
    type: 'WeatherObserved',
    dateObserved: dateTime(observedAt),
    location: point(14.02, 46),
    temperature: measured(-3, 'CEL', observedAt),
    ...attributes,
  } as Entity;
}

/** Code and pointer of each rejection, and the names of the attributes that went on. */
function verdict(entity: Entity): { faults: [string, string | undefined][]; kept: string[] | undefined } {
  const { values, rejections } = check(entity, models, now);
  expect(values.length).toBeLessThanOrEqual(1);
  for (const rejection of rejections) expect(rejection.stage).toBe('check');
  return { faults: rejections.map(({ code, pointer }) => [code, pointer]), kept: values[0] && Object.keys(values[0]).slice(2) };
}

describe('a good entity', () => {
  it('goes on as it is', () => {
    const entity = air({
      no2: measured(1, 'GQ', observedAt, 'belowDetectionLimit'),
      refDevice: relationship('urn:ngsi-ld:Device:lisjaki-7'),
      name: property('Lisjaki'),
      owner: property(['obcina-lisjaki', 'urn:ngsi-ld:Organization:lisjaki']),
      seeAlso: property('https://lisjaki.example/zrak'),
      address: property({ addressLocality: 'Lisjaki', addressCountry: 'SI' }),
      airQualityIndex: measured(3, 'C62', observedAt),
      relativeHumidity: property(0.71, observedAt),
      typeofLocation: property('outdoor'),
    });
    const { values, rejections } = check(entity, models, now);
    expect(rejections).toEqual([]);
    expect(values[0]).toBe(entity);
  });

  it('may have a word or a number where the model takes both', () => {
    expect(verdict(weather({ visibility: { type: 'Property', value: 'good', observedAt } })).faults).toEqual([]);
    expect(verdict(weather({ visibility: measured(20000, 'MTR', observedAt) })).faults).toEqual([]);
    expect(verdict(weather({ visibility: { type: 'Property', value: 'fine', observedAt } })).faults).toEqual([
      ['invalid_attribute', '/visibility/value'],
    ]);
    expect(verdict(weather({ visibility: measured(-1, 'MTR', observedAt) })).faults).toEqual([
      ['out_of_model_bounds', '/visibility/value'],
    ]);
  });

  it('may be a Device without any measurement, with an unknown battery level', () => {
    const device = { id: 'urn:ngsi-ld:Device:lisjaki-7', type: 'Device', controlledProperty: property(['airPollution', 'humidity']) };
    expect(verdict(device as Entity).faults).toEqual([]);
    expect(verdict({ ...device, batteryLevel: measured(-1, 'C62', observedAt) } as Entity).faults).toEqual([]);
    expect(verdict({ ...device, batteryLevel: measured(0.4, 'C62', observedAt) } as Entity).faults).toEqual([]);
    expect(verdict({ ...device, batteryLevel: measured(-0.4, 'C62', observedAt) } as Entity).faults).toHaveLength(1);
    expect(verdict({ ...device, batteryLevel: measured(87, 'C62', observedAt) } as Entity).faults).toHaveLength(1);
  });

  it('may say an interval where the model has a free time', () => {
    const water = (value: unknown): Entity =>
      ({
        id: 'urn:ngsi-ld:WaterQualityObserved:lisjaki',
        type: 'WaterQualityObserved',
        dateObserved: property(value as string),
        location: point(14, 46),
        temperature: measured(8, 'CEL', observedAt),
      }) as Entity;
    expect(verdict(water('2026-05-01T08:00:00Z/2026-05-01T09:00:00Z')).faults).toEqual([]);
    expect(verdict(water(observedAt)).faults).toEqual([]);
    expect(verdict(water({ '@type': 'DateTime', '@value': observedAt })).faults).toEqual([]);
    for (const wrong of ['2026-05-01T09:00:00Z/2026-05-01T08:00:00Z', '2026-05-01/2026-05-02', 'a/b/c', 5]) {
      expect(verdict(water(wrong)).kept).toBeUndefined();
    }
  });
});

describe('a faulty optional attribute is left out and the rest goes on', () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ['a misspelt name', { PM10: measured(1, 'GQ', observedAt) }, 'unknown_attribute', '/PM10'],
    ['a name of Object.prototype', { constructor: property(1) }, 'unknown_attribute', '/constructor'],
    ['a name with a slash', { 'no2/x': property(1) }, 'unknown_attribute', '/no2~1x'],
    ['a Relationship as Property', { refDevice: property('urn:ngsi-ld:Device:x') }, 'invalid_attribute', '/refDevice/type'],
    ['a Property as Relationship', { no2: relationship('urn:ngsi-ld:Device:x') }, 'invalid_attribute', '/no2/type'],
    ['a relationship to a text', { refDevice: relationship('kombajn 5') }, 'invalid_attribute', '/refDevice/object'],
    [
      'a relationship to a non-ASCII id',
      { refDevice: relationship('urn:ngsi-ld:Device:čebelnjak') },
      'invalid_attribute',
      '/refDevice/object',
    ],
    ['a number as text', { no2: { ...measured(1, 'GQ', observedAt), value: '1' } }, 'invalid_attribute', '/no2/value'],
    ['null', { no2: { ...measured(1, 'GQ', observedAt), value: null } }, 'invalid_attribute', '/no2/value'],
    ['no value', { no2: { type: 'Property', unitCode: 'GQ', observedAt } }, 'invalid_attribute', '/no2/value'],
    ['NaN', { no2: measured(NaN, 'GQ', observedAt) }, 'invalid_attribute', '/no2/value'],
    ['infinity', { no2: measured(Infinity, 'GQ', observedAt) }, 'invalid_attribute', '/no2/value'],
    ['a plain value', { no2: 5 }, 'invalid_attribute', '/no2'],
    ['an attribute that is null', { no2: null }, 'invalid_attribute', '/no2'],
    ['a list of instances', { no2: [measured(1, 'GQ', observedAt)] }, 'invalid_attribute', '/no2'],
    ['an empty text', { name: property('') }, 'invalid_attribute', '/name/value'],
    ['a text of spaces', { name: property('  ') }, 'invalid_attribute', '/name/value'],
    ['an empty list', { owner: property([]) }, 'invalid_attribute', '/owner/value'],
    ['an empty item', { owner: property(['']) }, 'invalid_attribute', '/owner/value/0'],
    ['an identifier with a space', { owner: property(['x', 'Občina Idrija']) }, 'invalid_attribute', '/owner/value/1'],
    ['an unknown key of an object', { address: property({ type: 'PostalAddress' }) }, 'unknown_attribute', '/address/value/type'],
    ['an empty member of an object', { address: property({ streetNr: '' }) }, 'invalid_attribute', '/address/value/streetNr'],
    ['a fraction in an integer', { tpc: { type: 'Property', value: 73.3, observedAt } }, 'invalid_attribute', '/tpc/value'],
    ['a value below the model', { no2: measured(-3, 'GQ', observedAt) }, 'out_of_model_bounds', '/no2/value'],
    ['a value above the model', { relativeHumidity: measured(71, 'C62', observedAt) }, 'out_of_model_bounds', '/relativeHumidity/value'],
    ['a word outside the enum', { typeofLocation: property('garage') }, 'invalid_attribute', '/typeofLocation/value'],
    ['a measured value without time', { no2: { type: 'Property', value: 1, unitCode: 'GQ' } }, 'invalid_attribute', '/no2/observedAt'],
    ['a measured value without unit', { no2: property(1, observedAt) }, 'unsupported_unit', '/no2/unitCode'],
    ['a unit where there is none', { relativeHumidity: measured(0.7, 'P1', observedAt) }, 'unsupported_unit', '/relativeHumidity/unitCode'],
    ['another unit', { co: measured(1, 'GQ', observedAt) }, 'unsupported_unit', '/co/unitCode'],
    ['a local time', { no2: measured(1, 'GQ', '2026-05-01T09:00:00') }, 'invalid_time', '/no2/observedAt'],
    ['an offset', { no2: measured(1, 'GQ', '2026-05-01T09:00:00+02:00') }, 'invalid_time', '/no2/observedAt'],
    ['30 February', { no2: measured(1, 'GQ', '2026-02-30T09:00:00Z') }, 'invalid_time', '/no2/observedAt'],
    ['hour 25', { no2: measured(1, 'GQ', '2026-05-01T25:00:00Z') }, 'invalid_time', '/no2/observedAt'],
    ['seven digits of a second', { no2: measured(1, 'GQ', '2026-05-01T09:00:00.1234567Z') }, 'invalid_time', '/no2/observedAt'],
    ['the year 1969', { no2: measured(1, 'GQ', '1969-12-31T23:00:00Z') }, 'invalid_time', '/no2/observedAt'],
    ['the future', { no2: measured(1, 'GQ', '2026-05-01T10:05:00.001Z') }, 'future_time', '/no2/observedAt'],
    ['an unknown remark', { no2: { ...measured(1, 'GQ', observedAt), status: property('fine') } }, 'invalid_attribute', '/no2/status'],
    ['a remark that is no Property', { no2: { ...measured(1, 'GQ', observedAt), status: 'suspect' } }, 'invalid_attribute', '/no2/status'],
    ['another sub-attribute', { no2: { ...measured(1, 'GQ', observedAt), accuracy: property(1) } }, 'unknown_attribute', '/no2/accuracy'],
    ['a datasetId that is no URI', { no2: { ...measured(1, 'GQ', observedAt), datasetId: 'x' } }, 'invalid_attribute', '/no2/datasetId'],
    [
      'a typed moment of another type',
      { dateModified: property({ '@type': 'Date', '@value': observedAt }) },
      'invalid_time',
      '/dateModified/value',
    ],
  ])('%s', (_title, attributes, code, pointer) => {
    expect(verdict(air(attributes))).toEqual({ faults: [[code, pointer]], kept: ['dateObserved', 'location', 'pm10'] });
  });

  it('names found, expected and, where a name is near, what was meant', () => {
    const message = (attributes: Record<string, unknown>): string | undefined => check(air(attributes), models, now).rejections[0]?.message;
    expect(message({ no2: measured(-3, 'GQ', observedAt) })).toBe('AirQualityObserved.no2 is -3 µg/m³, the model takes at least 0');
    expect(message({ 'pm2.5': measured(3, 'GQ', observedAt) })).toContain('did you mean "pm25"?');
    expect(message({ typeOfLocation: property('outdoor') })).toContain('did you mean "typeofLocation"?');
    expect(message({ colour: property('red') })).not.toContain('did you mean');
  });

  it('tells every fault of an attribute', () => {
    const { faults } = verdict(air({ no2: { type: 'Property', value: 'x', unitCode: 'GP' } }));
    expect(faults.map(([, pointer]) => pointer)).toEqual(['/no2/value', '/no2/observedAt', '/no2/unitCode']);
  });

  it('takes five minutes of a clock that is ahead', () => {
    expect(verdict(air({ no2: measured(1, 'GQ', '2026-05-01T10:05:00.000Z') })).faults).toEqual([]);
  });

  it('accepts the same moment only where it was good before', () => {
    const late = '2026-05-01T12:00:00Z';
    expect(verdict(air({ no2: measured(1, 'GQ', late), o3: measured(1, 'GQ', late) })).faults).toHaveLength(2);
  });
});

describe('the whole entity is refused', () => {
  it.each<[string, Entity, [string, string][]]>([
    ['an unknown type', { ...air(), type: 'AirQualityObservd' }, [['unknown_type', '/type']]],
    ['another type in the id', { ...air(), id: 'urn:ngsi-ld:WaterObserved:x' }, [['id_not_allowed', '/id']]],
    ['no local id', { ...air(), id: 'urn:ngsi-ld:AirQualityObserved:' }, [['id_not_allowed', '/id']]],
    ['a letter that is not ASCII in the id', { ...air(), id: 'urn:ngsi-ld:AirQualityObserved:Lučine' }, [['id_not_allowed', '/id']]],
    ['a space in the id', { ...air(), id: 'urn:ngsi-ld:AirQualityObserved:a b' }, [['id_not_allowed', '/id']]],
    ['a required attribute with a fault', air({ dateObserved: property('yesterday') }), [['invalid_time', '/dateObserved/value']]],
    ['swapped coordinates', air({ location: point(46, 14.02) }), [['invalid_location', '/location/value/coordinates']]],
    ['a place elsewhere', air({ location: point(0, 0) }), [['invalid_location', '/location/value/coordinates']]],
    ['a location that is a Property', air({ location: property(5) }), [['invalid_attribute', '/location/type']]],
  ])('%s', (_title, entity, faults) => {
    expect(verdict(entity)).toEqual({ faults, kept: undefined });
  });

  it('but every fault of it is told', () => {
    const entity = { ...air({ no2: measured(-3, 'GQ', observedAt) }), id: 'urn:x:y' };
    expect(verdict(entity)).toEqual({
      faults: [
        ['id_not_allowed', '/id'],
        ['out_of_model_bounds', '/no2/value'],
      ],
      kept: undefined,
    });
  });

  it('when a required attribute is missing', () => {
    const { location: _location, ...rest } = air();
    expect(verdict(rest as Entity)).toEqual({ faults: [['missing_attribute', '/location']], kept: undefined });
  });

  it('when nothing measured remains', () => {
    expect(verdict(air({ pm10: measured(-3, 'GQ', observedAt) }))).toEqual({
      faults: [
        ['out_of_model_bounds', '/pm10/value'],
        ['no_measurement', ''],
      ],
      kept: undefined,
    });
  });

  it.each<[unknown, string]>([
    [{ type: 'Point', coordinates: [46, 14] }, 'swapped'],
    [{ type: 'Point', coordinates: [424258, 96187] }, 'metres'],
    [{ type: 'Point', coordinates: ['14', '46'] }, '[longitude, latitude]'],
    [{ type: 'Point', coordinates: [14] }, '[longitude, latitude]'],
    [{ type: 'Point', coordinates: [14, NaN] }, '[longitude, latitude]'],
    [{ type: 'Point', coordinates: [14, 46, 300, 1] }, '[longitude, latitude]'],
    [{ type: 'Point', coordinates: [14, 46], crs: 'x' }, 'type and coordinates only'],
    [{ type: 'GeometryCollection', geometries: [] }, 'type and coordinates only'],
    [{ type: 'LineString', coordinates: [[14, 46]] }, 'two positions'],
    [
      {
        type: 'Polygon',
        coordinates: [
          [
            [14, 46],
            [14.1, 46],
            [14, 46.1],
          ],
        ],
      },
      'ring',
    ],
    [
      {
        type: 'MultiPolygon',
        coordinates: [
          [
            [
              [14, 46],
              [14.1, 46],
              [14, 46.1],
              [46, 14],
            ],
          ],
        ],
      },
      'ring',
    ],
    ['Idrija', 'type and coordinates only'],
  ])('location %j', (value, hint) => {
    const { values, rejections } = check(air({ location: { type: 'GeoProperty', value } }), models, now);
    expect(values).toEqual([]);
    expect(rejections.map(({ code }) => code)).toEqual(['invalid_location']);
    expect(rejections[0]?.message).toContain(hint);
  });

  it('but not for a good area', () => {
    const ring = [
      [14, 46],
      [14.1, 46],
      [14, 46.1],
      [14, 46],
    ];
    expect(verdict(air({ location: { type: 'GeoProperty', value: { type: 'Polygon', coordinates: [ring] } } })).faults).toEqual([]);
    expect(verdict(air({ location: { type: 'GeoProperty', value: { type: 'Point', coordinates: [14, 46, 300] } } })).faults).toEqual([]);
  });
});

describe('a day', () => {
  const rule = (startDate: unknown): Entity =>
    ({
      id: 'urn:ngsi-ld:GtfsCalendarRule:lisjaki:delavnik',
      type: 'GtfsCalendarRule',
      hasService: relationship('urn:ngsi-ld:GtfsService:lisjaki:delavnik'),
      ...Object.fromEntries(
        ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => [day, property(true)]),
      ),
      startDate: property(startDate as string),
      endDate: property('2027-12-31'),
    }) as Entity;

  it('may lie in the future', () => {
    expect(verdict(rule('2026-09-01')).faults).toEqual([]);
  });

  it.each(['2026-02-30', '20260901', '2026-09-01T00:00:00Z', '', 20260901])('but must exist: %s', (day) => {
    expect(verdict(rule(day))).toEqual({ faults: [['invalid_time', '/startDate/value']], kept: undefined });
  });
});

describe('any JSON in an attribute', () => {
  const names = fc.constantFrom(
    'location',
    'dateObserved',
    'no2',
    'relativeHumidity',
    'address',
    'owner',
    'refDevice',
    'typeofLocation',
    '__proto__',
  );
  const member = fc.constantFrom('type', 'value', 'object', 'observedAt', 'unitCode', 'status');
  const attribute = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(member, fc.oneof(fc.constantFrom('Property', 'GeoProperty', 'Relationship', observedAt), fc.jsonValue())),
  );

  it('never throws, and what goes on is good', () => {
    fc.assert(
      fc.property(names, attribute, (name, value) => {
        const entity = { ...air(), ...(JSON.parse(`{${JSON.stringify(name)}:${JSON.stringify(value)}}`) as object) } as Entity;
        const { values, rejections } = check(entity, models, now);
        expect(values.length + rejections.length).toBeGreaterThan(0);
        for (const kept of values) expect(check(kept, models, now).rejections).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe('the values of meters and car parks', () => {
  const refDevice = relationship(['urn:ngsi-ld:Device:x']);

  function meter(attributes: Record<string, unknown>): Entity {
    return { id: 'urn:ngsi-ld:ThreePhaseAcMeasurement:x', type: 'ThreePhaseAcMeasurement', refDevice, ...attributes } as Entity;
  }

  function consumption(attributes: Record<string, unknown>): Entity {
    return { id: 'urn:ngsi-ld:WaterConsumptionObserved:x', type: 'WaterConsumptionObserved', ...attributes } as Entity;
  }

  it('are good with a number for each phase, a list of targets and a status of its own', () => {
    const phases = meter({ activePower: measured({ L1: -12, L2: 0, L3: 3.5 }, 'WTT', observedAt) });
    expect(check(phases, models, now)).toEqual({ values: [phases], rejections: [] });
    const spot = {
      id: 'urn:ngsi-ld:ParkingSpot:x',
      type: 'ParkingSpot',
      location: point(14.02, 46),
      category: property(['onStreet']),
      refParkingSite: relationship('urn:ngsi-ld:OnStreetParking:x'),
      status: property('occupied', observedAt),
      refDevice,
    } as Entity;
    expect(check(spot, models, now)).toEqual({ values: [spot], rejections: [] });
  });

  it.each<[string, Entity, string, string]>([
    ['a text for a phase', meter({ current: measured({ L1: '3' } as never, 'AMP', observedAt) }), 'invalid_attribute', '/current/value/L1'],
    ['a phase of another name', meter({ current: measured({ L4: 3 }, 'AMP', observedAt) }), 'unknown_attribute', '/current/value/L4'],
    [
      'a phase beyond the bounds of the model',
      meter({ powerFactor: measured({ L2: 1.2 }, 'C62', observedAt) }),
      'out_of_model_bounds',
      '/powerFactor/value/L2',
    ],
    ['phases without a unit', meter({ phaseVoltage: property({ L1: 230 }, observedAt) }), 'unsupported_unit', '/phaseVoltage/unitCode'],
    ['one target where there is a list', meter({ refDevice: relationship('urn:x:y') }), 'invalid_attribute', '/refDevice/object'],
    ['an alarm that is neither 0 nor 1', consumption({ alarmTamper: property(2, observedAt) }), 'invalid_attribute', '/alarmTamper/value'],
    [
      'a fraction of a litre',
      consumption({ waterConsumption: measured(1.5, 'LTR', observedAt) }),
      'invalid_attribute',
      '/waterConsumption/value',
    ],
  ])('refuses %s', (_, entity, code, pointer) => {
    expect(verdict(entity).faults).toContainEqual([code, pointer]);
  });

  it('is refused whole when nothing measured remains of it', () => {
    expect(verdict(consumption({ waterType: property('hotWater') }))).toEqual({ faults: [['no_measurement', '']], kept: undefined });
  });
});
