/** Keys for which files are remembered. */
const MOST_KEYS = 10_000;

/** Files that would be their keys' own, had those none elsewhere: a copy beside what it was made of, say. */
export class RefusedFiles {
  readonly #most: number;
  readonly #paths = new Map<string, Set<string>>();
  #hasForgotten = false;
  #freed: ((path: string | undefined) => void) | undefined;

  constructor(most: number = MOST_KEYS) {
    this.#most = most;
  }

  /** Who is told of files that nothing is in the way of any more; undefined: there may be some that are not remembered. */
  listen(freed: (path: string | undefined) => void): void {
    this.#freed = freed;
  }

  add(path: string, key: string): void {
    const paths = this.#paths.get(key);
    if (paths !== undefined) paths.add(path);
    else if (this.#paths.size < this.#most) this.#paths.set(key, new Set([path]));
    else this.#hasForgotten = true;
  }

  /** They are forgotten here: who takes them offers them again. */
  take(key: string): Iterable<string> {
    const paths = this.#paths.get(key) ?? [];
    this.#paths.delete(key);
    return paths;
  }

  /** The key's item is no more, since somebody removed its file. */
  free(key: string): void {
    const paths = this.#paths.get(key);
    for (const path of this.take(key)) this.#freed?.(path);
    if (paths !== undefined || !this.#hasForgotten) return;
    // A look at everything meets them all again.
    this.#hasForgotten = false;
    this.#freed?.(undefined);
  }
}
