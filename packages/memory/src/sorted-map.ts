import { compareKeys } from "@holdfast/core";

// Long enough that few leaves are searched, short enough that moving half of one costs less than the search.
const LEAF_SIZE = 256;

/**
 * A map whose keys can also be read in code-point order: sorted leaves in one sorted array, the bottom two levels of a
 * B-tree. Look-ups hash. A new key is put in order when the order is next asked for, since stores are written to and looked
 * up in more than they are listed; then it costs O(log n), as does finding a place to start reading.
 */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  /** Keys that stand in no leaf yet. */
  readonly #unsorted: string[] = [];
  /** No leaf is empty. */
  readonly #leaves: string[][] = [];

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    const before = this.#values.size;
    this.#values.set(key, value);
    if (this.#values.size > before) this.#unsorted.push(key);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    this.#sort();
    const at = this.#leafOf(key);
    const leaf = this.#leaves[at] ?? [];
    if (leaf.length === 1) this.#leaves.splice(at, 1);
    else leaf.splice(countBelow(leaf, key), 1);
    return true;
  }

  /** Values in the order of their keys, from the first key that is not below `key`. The map must not change meanwhile. */
  *from(key: string): Generator<V> {
    this.#sort();
    let at = this.#leafOf(key);
    let index = countBelow(this.#leaves[at] ?? [], key);
    for (; at < this.#leaves.length; at++, index = 0) {
      const leaf = this.#leaves[at] ?? [];
      for (; index < leaf.length; index++) {
        yield this.#values.get(leaf[index] as string) as V;
      }
    }
  }

  #sort(): void {
    for (const key of this.#unsorted) this.#insert(key);
    this.#unsorted.length = 0;
  }

  #insert(key: string): void {
    const at = this.#leafOf(key);
    const leaf = this.#leaves[at];
    if (leaf === undefined) {
      this.#leaves.push([key]);
      return;
    }
    const index = countBelow(leaf, key);
    leaf.splice(index, 0, key);
    if (leaf.length <= LEAF_SIZE) return;
    // Keys that arrive in order leave full leaves behind them, not half-empty ones.
    const keep = index === leaf.length - 1 ? index : leaf.length >> 1;
    this.#leaves.splice(at + 1, 0, leaf.splice(keep));
  }

  /** The leaf in which `key` stands or would stand: the last one that does not begin above it. */
  #leafOf(key: string): number {
    let low = 0;
    let high = this.#leaves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareKeys(this.#leaves[middle]?.[0] as string, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

function countBelow(sorted: readonly string[], key: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(sorted[middle] as string, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
