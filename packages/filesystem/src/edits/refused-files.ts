/** Keys for which files are remembered. */
const MOST_KEYS = 10_000;

/** Files that would be their keys' own, had those none elsewhere: a copy beside what it was made of, say. */
export class RefusedFiles {
  readonly #paths = new Map<string, Set<string>>();
  #freed: ((path: string) => void) | undefined;

  /** Who is told of files that are in nobody's way any more. */
  listen(freed: (path: string) => void): void {
    this.#freed = freed;
  }

  add(path: string, key: string): void {
    // Those that are forgotten are met again when the root is opened.
    if (this.#paths.size >= MOST_KEYS) this.#paths.clear();
    this.#paths.set(key, (this.#paths.get(key) ?? new Set()).add(path));
  }

  /** They are forgotten here: who takes them offers them again. */
  take(key: string): Iterable<string> {
    const paths = this.#paths.get(key) ?? [];
    this.#paths.delete(key);
    return paths;
  }

  /** The key's item is no more, since somebody removed its file. */
  free(key: string): void {
    for (const path of this.take(key)) this.#freed?.(path);
  }
}
