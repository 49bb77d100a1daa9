/** What has the numbers `first` to `first + count - 1`. */
export interface Numbered {
  readonly first: number;
  readonly count: number;
}

/** In a list that is ordered by number, the place of the one that has `number`, or of the first one after it. */
export function placeOf(list: readonly Numbered[], number: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = list[middle];
    if (one !== undefined && one.first + one.count <= number) low = middle + 1;
    else high = middle;
  }
  return low;
}
