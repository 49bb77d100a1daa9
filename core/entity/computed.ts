import { err, ok, type Result } from '../result.ts';
import { compileExpression } from './expression.ts';
import type { Provisioned, ProvisionedAttribute } from './provisioned.ts';

/** An attribute with the value that it was sent, or that its expression gives; why there is none. */
export interface Meant {
  /** Its name in the measure. */
  readonly key: string;
  readonly meaning: ProvisionedAttribute;
  readonly isProvisioned: boolean;
  readonly raw: Result<unknown, string>;
}

const numeric = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;

/**
 * The attributes of one measure. An attribute with an `expression` has the value that this gives, never the one that was sent; without one
 * while a variable is missing. Variables are the measure by its own and by its provisioned names, the static attributes, `id` and `type`, and
 * what was computed before.
 */
export function meantBy(fields: Readonly<Record<string, unknown>>, device: Provisioned): readonly Meant[] {
  const plain = device.attributes.filter(({ expression }) => expression === undefined);
  // The device's own attributes stand before those of its group.
  const computed = device.attributes.filter(
    (one, i, all) => one.expression !== undefined && all.findIndex(({ name }) => name === one.name) === i,
  );
  const keyOf = ({ object_id: id, name }: ProvisionedAttribute): string => id ?? name;
  const meant: Meant[] = [];
  for (const [key, raw] of Object.entries(fields)) {
    const known = plain.find((one) => keyOf(one) === key);
    if (raw === null || (known === undefined && computed.some((one) => keyOf(one) === key))) continue;
    meant.push({ key, meaning: known ?? { name: key }, isProvisioned: known !== undefined, raw: ok(raw) });
  }
  if (computed.length === 0) return meant;

  // A measure may hold any name, also that of a prototype.
  const variables = Object.create(null) as Record<string, unknown>;
  Object.assign(variables, { id: device.deviceId, type: device.entityType });
  for (const { name, value } of device.staticAttributes) variables[name] = value;
  for (const [key, raw] of Object.entries(fields)) {
    if (raw === null) continue;
    const known = device.attributes.find((one) => keyOf(one) === key);
    variables[key] = variableOf(raw, known);
    if (known !== undefined) variables[known.name] = variables[key];
  }
  for (const meaning of computed) {
    const expression = compileExpression(meaning.expression ?? '');
    const result = expression.ok ? expression.value.evaluate(variables) : expression;
    // Nothing to publish is what a condition without its other half means.
    if (result.ok && (result.value === undefined || result.value === null)) continue;
    const raw = result.ok ? result : err(`expression: ${result.error}`);
    if (raw.ok) variables[meaning.name] = raw.value;
    meant.push({ key: keyOf(meaning), meaning, isProvisioned: true, raw });
  }
  return meant;
}

/** UltraLight and many JSON devices write numbers as text; with them `+` would join instead of add. */
function variableOf(raw: unknown, known: ProvisionedAttribute | undefined): unknown {
  const isText = /^(text|string)$/i.test(known?.type ?? '');
  return typeof raw === 'string' && !isText && numeric.test(raw.trim()) ? Number(raw) : raw;
}
