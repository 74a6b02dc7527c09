import type { RecordHeader } from "../spi/index.js";
import { type Fingerprint, Fingerprints, fingerprint, joined, placeMark, restored, written } from "./fingerprints.js";

export type Identity = Pick<RecordHeader, "key" | "version" | "created">;

/**
 * `written`: this migration put it there. `found`: it was there already, as the source has it, and is not ours to do away with.
 * `found-since`: the same, of what was saved in the source since it was passed; the report does not count it as unchanged.
 */
export type Settling = "written" | "found" | "found-since";

/** No key is empty. */
const ANY = "";
const HOWS = ["written", "found", "found-since"] as const;

/**
 * What a migration has put into the destination, or found there already: of each item a fingerprint of its key in the source and of
 * key, version and `created` in the destination. `shared`: several keys of the source may become one; then a second one, without the key in the source.
 */
export class SettledItems {
  readonly #known = new Fingerprints();
  #fresh: Fingerprint[] = [];
  readonly #shared: boolean;

  constructor(shared: boolean) {
    this.#shared = shared;
  }

  /** `source`: the key of the item as the source calls it. */
  add(source: string, identity: Identity, how: Settling): void {
    const place = placeMark(identity);
    const own = joined(sourceMark(source, "written"), place);
    // What was written stays ours when it is found again.
    if (this.#known.has(own)) return;
    this.#add(how === "written" ? own : joined(sourceMark(source, how), place));
    if (this.#shared) this.#add(joined(sourceMark(ANY, how), place));
  }

  /** Whether the item of the source is settled by what stands there. */
  has(source: string, identity: Identity): boolean {
    const place = placeMark(identity);
    return HOWS.some((how) => this.#known.has(joined(sourceMark(source, how), place)));
  }

  /** Whether what stands there was written for this item of the source. */
  wrote(source: string, identity: Identity): boolean {
    return this.#known.has(joined(sourceMark(source, "written"), placeMark(identity)));
  }

  /** Whether what stands there was found for this item of the source when it was passed. */
  found(source: string, identity: Identity): boolean {
    return this.#known.has(joined(sourceMark(source, "found"), placeMark(identity)));
  }

  /** Whether what stands there settles another item of the source. */
  hasOfAnother(source: string, identity: Identity): boolean {
    return this.has(ANY, identity) && !this.has(source, identity);
  }

  /** Whether what stands there was written for whatever item, where several may become one. */
  wroteAny(identity: Identity): boolean {
    return this.wrote(ANY, identity);
  }

  /** Tells for which of these items of the source, if for any, something was written, where several may become one. */
  writersAmong(sources: Iterable<string>): (identity: Identity) => string | undefined {
    const marks = [...sources].map((source) => [source, sourceMark(source, "written")] as const);
    return (identity) => {
      if (!this.wroteAny(identity)) return undefined;
      const place = placeMark(identity);
      return marks.find(([, mark]) => this.#known.has(joined(mark, place)))?.[0];
    };
  }

  /** What was added since the last call, as text for `restore`. */
  takeFresh(): string {
    const text = written(this.#fresh);
    this.#fresh = [];
    return text;
  }

  dropFresh(): void {
    this.#fresh = [];
  }

  /** False for what `takeFresh` did not make. */
  restore(text: string): boolean {
    const fingerprints = restored(text);
    for (const each of fingerprints ?? []) this.#known.add(each);
    return fingerprints !== undefined;
  }

  #add(mark: Fingerprint): void {
    if (this.#known.add(mark)) this.#fresh.push(mark);
  }
}

function sourceMark(source: string, how: Settling): Fingerprint {
  return fingerprint(`${how}\0${source}`);
}
