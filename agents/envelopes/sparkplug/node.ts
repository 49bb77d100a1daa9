import { isObject } from '#core';

/** What a birth said of an alias. */
export interface Meaning {
  readonly name: string;
  readonly unit?: string;
}

/** What is remembered of an edge node: plain JSON. */
export interface Node {
  readonly aliases: Readonly<Record<string, Meaning>>;
  /** Whether its birth was seen. */
  readonly isBorn: boolean;
  /** Of its last message. */
  readonly seq?: number;
  /** Of its birth; a death of another number belongs to a connection before. */
  readonly bdSeq?: number;
  /** When it was asked for its births. */
  readonly askedAt?: string;
}

export const nothingKnown: Node = { aliases: {}, isBorn: false };

/** The core hands back what was remembered here. */
export function nodeOf(remembered: unknown): Node | undefined {
  return isObject(remembered) ? (remembered as unknown as Node) : undefined;
}
