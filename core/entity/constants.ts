/**
 * Attributes that are the same in every state of an entity (place, name, who provides the data), made once and frozen. What was found good
 * of one need not be looked at again: checks remember it by the object itself.
 */
const constants = new WeakSet<object>();

/** Freezes an attribute to its depth and registers it. */
export function constant<T extends object>(attribute: T): T {
  freeze(attribute);
  constants.add(attribute);
  return attribute;
}

export function isConstant(attribute: object): boolean {
  return constants.has(attribute);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const member of Object.values(value)) freeze(member);
}
