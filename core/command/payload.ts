import type { DeviceCommand, Downlink } from '../plugin.ts';
import { err, ok, type Result } from '../result.ts';

type Written = Pick<Downlink, 'bytes' | 'json' | 'text'>;

const placeholder = /\{value(?::([a-z0-9]+))?\}/g;
const types = /^(u?)int(8|16|32)(le|be)?$/;

/** What is wrong with a command of the registry beyond its schema; undefined when nothing is. */
export function commandFault(command: DeviceCommand): string | undefined {
  const { values, minimum, maximum, hex, json, text } = command;
  if ([hex, json, text].filter((one) => one !== undefined).length > 1)
    return 'has more than one of hex, json and text; expected at most one';
  if ((minimum === undefined) !== (maximum === undefined)) return 'has one of minimum and maximum; expected both or values';
  if (minimum !== undefined && maximum !== undefined && minimum > maximum) return `has the minimum ${minimum} above the maximum ${maximum}`;
  const takesValue = values !== undefined || minimum !== undefined || typeof hex === 'object';
  const template = typeof hex === 'string' ? hex : (text ?? (json === undefined ? '' : JSON.stringify(json)));
  if (!takesValue && /\{value/.test(template)) return 'uses {value}, but neither values nor minimum and maximum say which';
  for (const bytes of typeof hex === 'object' ? Object.values(hex) : typeof hex === 'string' ? [hex] : []) {
    const plain = bytes.replace(placeholder, (_whole, type = '') => (types.test(type as string) ? '00' : '?')).replace(/\s+/g, '');
    if (!/^(?:[0-9a-f]{2})+$/i.test(plain)) return `has hex "${bytes}"; expected pairs of digits and {value:uint16le} where the value goes`;
  }
  return undefined;
}

/**
 * The value that may be sent, as the registry writes it. Numbers also as text, as forms send them; any value for a command that takes none.
 * The error says what is allowed.
 */
export function allowedValue({ name, values, minimum, maximum, hex }: DeviceCommand, given: unknown): Result<unknown, string> {
  const text = typeof given === 'string' ? given.trim() : given;
  const among = values ?? (typeof hex === 'object' ? Object.keys(hex) : undefined);
  if (among !== undefined) {
    const value = among.find((one) => one === text || String(one) === String(text));
    return value === undefined ? err(`${name} is ${said(given)}; allowed is one of ${among.join(', ')}`) : ok(value);
  }
  if (minimum === undefined || maximum === undefined) return ok(undefined);
  const number = typeof text === 'string' && /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text;
  const isAllowed = typeof number === 'number' && number >= minimum && number <= maximum;
  return isAllowed ? ok(number) : err(`${name} is ${said(given)}; allowed is a number from ${minimum} to ${maximum}`);
}

/** The command's template with the value in it. */
export function written({ name, hex, json, text }: DeviceCommand, value: unknown): Result<Written, string> {
  if (hex !== undefined) return bytesOf(name, typeof hex === 'string' ? hex : (hex[String(value)] ?? ''), value);
  if (text !== undefined) return ok({ text: text.replace(placeholder, () => String(value)) });
  return ok(json === undefined ? {} : { json: filled(json, value) });
}

function bytesOf(name: string, template: string, value: unknown): Result<Written, string> {
  let fault: string | undefined;
  const hex = template
    .replace(placeholder, (_whole, type: string) => {
      const bytes = numberBytes(type, Number(value));
      fault ??= bytes === undefined ? `${name} is ${said(value)}, which is no ${type}` : undefined;
      return bytes ?? '';
    })
    .replace(/\s+/g, '');
  return fault === undefined ? ok({ bytes: new Uint8Array(Buffer.from(hex, 'hex')) }) : err(fault);
}

function numberBytes(type: string, value: number): string | undefined {
  const [, unsigned, bits = '', order] = types.exec(type) ?? [];
  const size = Number(bits) / 8;
  const [least, most] = unsigned === 'u' ? [0, 2 ** Number(bits) - 1] : [-(2 ** (Number(bits) - 1)), 2 ** (Number(bits) - 1) - 1];
  if (!Number.isInteger(value) || value < least || value > most) return undefined;
  const raw = (value < 0 ? value + 2 ** Number(bits) : value).toString(16).padStart(size * 2, '0');
  return order === 'le' ? (raw.match(/../g) ?? []).reverse().join('') : raw;
}

/** `"{value}"` alone becomes the value in its own type, within a longer text its text. */
function filled(template: unknown, value: unknown): unknown {
  if (template === '{value}') return value;
  if (typeof template === 'string') return template.replaceAll('{value}', String(value));
  if (Array.isArray(template)) return template.map((one) => filled(one, value));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, one]) => [key, filled(one, value)]));
}

function said(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}
