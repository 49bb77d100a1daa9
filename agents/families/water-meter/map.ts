import { observation, property, refDevice, states, type AttributeTable, type Device, type Entity, type Outcome, type Reading } from '#core';

/** WaterConsumption/WaterConsumptionObserved: whole numbers only. Its alarmWaterQuality means backflow, its acquisitionStageFailure a mute meter. */
const consumption: AttributeTable = {
  waterVolume: ['waterConsumption', 'LTR'],
  waterFlowMin: ['minFlow', 'E32'],
  waterFlowMax: ['maxFlow', 'E32'],
  leakAlarm: ['alarmStopsLeaks'],
  tamperAlarm: ['alarmTamper'],
  backflowAlarm: ['alarmWaterQuality'],
  faultAlarm: ['acquisitionStageFailure'],
};

/** Device/SmartMeteringObservation: the register with its fractions. */
const register: AttributeTable = { waterVolume: ['totalConsumption', 'MTQ'] };

/** Have no attribute of their own and show as alarmInProgress. */
const otherAlarms = ['burstAlarm', 'dryAlarm', 'freezeAlarm'];

/** Flow of the moment, water that ran back, temperatures and pressure have no attribute in these models; nobody says what a pulse is worth. */
const unpublished = ['waterFlow', 'waterVolumeReverse', 'waterTemperature', 'airTemperature', 'waterPressure', 'pulseCount', 'pulseTotal'];

export const quantities: ReadonlySet<string> = new Set([...Object.keys(consumption), ...otherAlarms, ...unpublished]);

/**
 * Per moment one WaterConsumptionObserved, litres rounded down. A SmartMeteringObservation in m³ beside it when the register shows a
 * fraction of a litre, and always when the registry gives the `meterType`.
 */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  return states(readings, quantities, device, (observedAt, moment) => {
    const whole = [...moment.filter(({ quantity }) => !otherAlarms.includes(quantity)).map(inWholeNumbers)];
    const entities = observation('WaterConsumptionObserved', device, observedAt, [...whole, ...alarmInProgress(moment)], {
      ...consumption,
      alarmInProgress: ['alarmInProgress'],
    });
    const isExact = device.meterType !== undefined || moment.some((reading) => hasFraction(reading));
    if (!isExact) return entities;
    return [
      ...entities,
      ...observation('SmartMeteringObservation', device, observedAt, moment.map(inCubicMetres), register, {
        meterType: property(device.meterType ?? 'Water'),
        refDevice: refDevice(device),
      }),
    ];
  });
}

/** 1 while any alarm is on, 0 when those that were reported are off; what is neither on nor off is no all-clear. */
function alarmInProgress(moment: readonly Reading[]): Reading[] {
  const alarms = moment.filter(({ quantity }) => quantity.endsWith('Alarm'));
  const [first] = alarms;
  if (first === undefined) return [];
  const isOn = alarms.some(({ value }) => value === 1);
  return isOn || alarms.every(({ value }) => value === 0) ? [{ ...first, quantity: 'alarmInProgress', value: Number(isOn) }] : [];
}

/** A register counts a litre when it is full; a flow is rounded to the nearest. Alarms stay as they are. */
function inWholeNumbers(reading: Reading): Reading {
  if (reading.quantity === 'waterVolume')
    return { ...reading, value: hasFraction(reading) ? Math.floor(reading.value) : Math.round(reading.value) };
  return reading.quantity.startsWith('waterFlow') ? { ...reading, value: Math.round(reading.value) } : reading;
}

/** Below a thousandth of a litre it is the arithmetic of the conversion. */
function hasFraction({ quantity, value }: Reading): boolean {
  return quantity === 'waterVolume' && Math.abs(value - Math.round(value)) >= 0.001;
}

function inCubicMetres(reading: Reading): Reading {
  return { ...reading, value: Number((reading.value / 1000).toPrecision(15)) };
}
