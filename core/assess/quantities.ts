import type { Text } from '../plugin.ts';

/** One physical quantity of `schemas/quantities.json`: the vocabulary between decoders and families. */
export interface Quantity {
  readonly unit: string;
  /** UN/CEFACT Recommendation 20 common code. */
  readonly unitCode: string;
  /** Physical bounds in `unit`; values outside are published with `status: outsidePhysicalBounds`. */
  readonly minimum: number;
  readonly maximum: number;
  readonly title: Text;
}

export type Quantities = ReadonlyMap<string, Quantity>;
