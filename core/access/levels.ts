import { accessLevels, type AccessLevel, type Model } from '../entity/models.ts';

/** Whether a caller of one level may read what has another. */
export function mayRead(caller: AccessLevel, needed: AccessLevel): boolean {
  return accessLevels.indexOf(caller) >= accessLevels.indexOf(needed);
}

/** The stricter one. */
export function stricter(a: AccessLevel, b: AccessLevel): AccessLevel {
  return mayRead(a, b) ? a : b;
}

/** Who may read entities of a type; of an unknown one nobody but the municipality. */
export function levelOfType(model: Model | undefined): AccessLevel {
  return model?.access ?? 'internal';
}

/** Who may read an attribute of a type: never more than may read the type. */
export function levelOfAttribute(model: Model | undefined, name: string): AccessLevel {
  return stricter(levelOfType(model), model?.attributes[name]?.access ?? 'internal');
}

/** The attributes of a type that a caller of this level may read. */
export function readableAttributes(model: Model, level: AccessLevel): string[] {
  return Object.keys(model.attributes).filter((name) => mayRead(level, levelOfAttribute(model, name)));
}

/** Sub-attributes are read with their attribute where they are named here, else by the municipality alone. `status` remarks on the value. */
export const readableSubAttributes: ReadonlySet<string> = new Set(['status', 'https://uri.etsi.org/ngsi-ld/status']);
