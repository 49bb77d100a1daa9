import type { Models, ValueShape } from './models.ts';

/** The core context that Klavže writes for; brokers from 1.6 up expand our terms the same way. */
export const coreContext = 'https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.8.jsonld';

/** Terms with these IRIs are the core's own; repeating them would only hide a mistake. */
const coreNamespace = 'https://uri.etsi.org/ngsi-ld/';

/** A JSON-LD document: our terms first, the core context last, so that nothing of ours can override the core. */
export interface ContextDocument {
  readonly '@context': readonly [Readonly<Record<string, string>>, string];
}

/**
 * The `@context` of one subject, made from the descriptors of its types: type names, attributes and the keys of object values.
 * Undefined for an unknown subject. There is no context for all subjects: `temperature` of water and of air are different terms.
 */
export function contextFor(subject: string, models: Models): ContextDocument | undefined {
  if (!models.subjects.has(subject)) return undefined;
  const terms = new Map<string, string>();
  for (const model of models.types.values()) {
    if (model.subject !== subject) continue;
    terms.set(model.type, model.iri);
    for (const [name, attribute] of Object.entries(model.attributes)) {
      terms.set(name, attribute.iri);
      for (const [key, iri] of membersOf(attribute.value)) terms.set(key, iri);
    }
  }
  const own = [...terms].filter(([, iri]) => !iri.startsWith(coreNamespace)).sort(([left], [right]) => (left < right ? -1 : 1));
  return { '@context': [Object.fromEntries(own), coreContext] };
}

function membersOf(shape: ValueShape): [string, string][] {
  const inner = [...(shape.items === undefined ? [] : [shape.items]), ...Object.values(shape.of ?? {})];
  return [...Object.entries(shape.members ?? {}), ...inner.flatMap((one) => membersOf(one))];
}
