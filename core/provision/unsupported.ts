import { isObject } from '../decode/payload.ts';
import { compileExpression } from '../entity/expression.ts';
import { everywhere, type Reach } from '../service/reach.ts';

/**
 * What a body of the provisioning API asks for that would be published or sent wrong if it were passed over: expressions that cannot be
 * computed, other entities for single attributes, and endpoints that may not be asked. Each with its place and what to do.
 */
export function unsupportedIn(body: unknown, reach: Reach = everywhere): readonly string[] {
  if (!isObject(body)) return [];
  for (const list of ['services', 'devices']) {
    const many = body[list];
    if (Array.isArray(many)) return many.flatMap((one, i) => unsupportedOf(one, `/${list}/${i}`, reach));
  }
  return unsupportedOf(body, '', reach);
}

function unsupportedOf(one: unknown, at: string, reach: Reach): string[] {
  if (!isObject(one)) return [];
  const faults: string[] = [];
  const attributesOf = (list: string): Record<string, unknown>[] => (Array.isArray(one[list]) ? one[list].filter(isObject) : []);
  const { endpoint } = one;
  const outOfReach = typeof endpoint === 'string' && URL.canParse(endpoint) ? reach.refusal(endpoint) : undefined;
  if (outOfReach !== undefined) faults.push(`${at}/endpoint: ${outOfReach}`);
  const isLegacy = one['expressionLanguage'] !== undefined && one['expressionLanguage'] !== 'jexl';
  if (isLegacy) faults.push(`${at}/expressionLanguage is ${JSON.stringify(one['expressionLanguage'])}; only jexl is computed`);
  if (one['entityNameExp'] !== undefined) faults.push(`${at}/entityNameExp is not computed; give each device its entity_name`);
  for (const [i, { expression, entity_name: other }] of attributesOf('attributes').entries()) {
    const place = `${at}/attributes/${i}`;
    if (other !== undefined) faults.push(`${place}/entity_name: attributes of another entity are not published; provision a device for it`);
    const compiled = typeof expression === 'string' ? compileExpression(expression) : undefined;
    if (compiled?.ok === false) faults.push(`${place}/expression ${compiled.error}`);
  }
  for (const [i, { expression }] of attributesOf('commands').entries()) {
    if (expression !== undefined) faults.push(`${at}/commands/${i}/expression: commands are sent as they are given; leave it out`);
  }
  return faults;
}
