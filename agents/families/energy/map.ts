import {
  dateTime,
  deviceUrn,
  observation,
  property,
  relationship,
  states,
  type AttributeTable,
  type Device,
  type Entity,
  type Outcome,
  type Reading,
} from '#core';

/** Energy/ACMeasurement and ThreePhaseAcMeasurement, of all phases together: attribute and UN/CEFACT code. */
const totals: AttributeTable = {
  activePower: ['totalActivePower', 'WTT'],
  reactivePower: ['totalReactivePower', 'D44'],
  apparentPower: ['totalApparentPower', 'D46'],
  activeEnergyImport: ['totalActiveEnergyImport', 'KWH'],
  activeEnergyExport: ['totalActiveEnergyExport', 'KWH'],
  reactiveEnergyImport: ['totalReactiveEnergyImport', 'K3'],
  reactiveEnergyExport: ['totalReactiveEnergyExport', 'K3'],
  apparentEnergyImport: ['totalApparentEnergyImport', 'C79'],
  apparentEnergyExport: ['totalApparentEnergyExport', 'C79'],
  powerFactor: ['totalPowerFactor', 'C62'],
  frequency: ['frequency', 'HTZ'],
};

/** The phases are the members of the attribute's value. */
const phases: AttributeTable = Object.fromEntries(
  ['L1', 'L2', 'L3'].flatMap((phase) => [
    [`activePower${phase}`, ['activePower', 'WTT', phase]],
    [`reactivePower${phase}`, ['reactivePower', 'D44', phase]],
    [`apparentPower${phase}`, ['apparentPower', 'D46', phase]],
    [`activeEnergyImport${phase}`, ['activeEnergyImport', 'KWH', phase]],
    [`activeEnergyExport${phase}`, ['activeEnergyExport', 'KWH', phase]],
    [`reactiveEnergyImport${phase}`, ['reactiveEnergyImport', 'K3', phase]],
    [`reactiveEnergyExport${phase}`, ['reactiveEnergyExport', 'K3', phase]],
    [`apparentEnergyImport${phase}`, ['apparentEnergyImport', 'C79', phase]],
    [`apparentEnergyExport${phase}`, ['apparentEnergyExport', 'C79', phase]],
    [`powerFactor${phase}`, ['powerFactor', 'C62', phase]],
    [`voltage${phase}`, ['phaseVoltage', 'VLT', phase]],
    [`current${phase}`, ['current', 'AMP', phase]],
  ]),
);

const threePhases: AttributeTable = {
  ...totals,
  ...phases,
  voltageL12: ['phaseToPhaseVoltage', 'VLT', 'L12'],
  voltageL23: ['phaseToPhaseVoltage', 'VLT', 'L23'],
  voltageL31: ['phaseToPhaseVoltage', 'VLT', 'L31'],
  currentN: ['current', 'AMP', 'N'],
};

/** A voltage or current without its phase is that of the only one; with three phases it means nothing and stays a reading. */
const onePhase: AttributeTable = { ...threePhases, voltage: ['phaseVoltage', 'VLT', 'L1'], current: ['current', 'AMP', 'L1'] };

/** The temperature of the cabinet, switches, and pulses of which nobody says what they are worth. */
const unpublished = ['airTemperature', 'digitalInput', 'pulseCount', 'pulseTotal'];

export const quantities: ReadonlySet<string> = new Set([...Object.keys(onePhase), ...unpublished]);

/** One measurement per moment: ThreePhaseAcMeasurement with three phases, else ACMeasurement with one. */
export function map(readings: readonly Reading[], device: Device): Outcome<Entity> {
  const isThreePhase = hasThreePhases(readings, device);
  const refDevice = relationship([deviceUrn(device)]);
  return states(readings, quantities, device, (observedAt, moment) =>
    isThreePhase
      ? observation('ThreePhaseAcMeasurement', device, observedAt, moment, threePhases, { refDevice })
      : observation('ACMeasurement', device, observedAt, moment, onePhase, {
          dateObserved: dateTime(observedAt),
          phaseType: property('singlePhase'),
          refDevice,
        }),
  );
}

/** A second phase in the message proves it; else the registry says, else any phase that is named. */
function hasThreePhases(readings: readonly Reading[], device: Device): boolean {
  const names = (phase: RegExp): boolean => readings.some(({ quantity }) => phase.test(quantity));
  if (names(/L(?:2|3|12|23|31)$/)) return true;
  return device.phases === undefined ? names(/L1$/) : device.phases === 3;
}
