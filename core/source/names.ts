/** Characters that brokers refuse in string values (Orion-LD, Coraine): a name is published without them. */
const refusedByBrokers = /[<>"'=;()]/g;

/** A name of the source without the characters that brokers refuse: `Tržaški zaliv (Zarja)` becomes `Tržaški zaliv, Zarja`. */
export function plainName(name: string): string {
  return name
    .replace(/\s*\(([^()]*)\)/g, ', $1')
    .replace(refusedByBrokers, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
