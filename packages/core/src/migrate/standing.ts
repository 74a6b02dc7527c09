import { concurrently } from "../engine/concurrently.js";
import { compareKeys } from "../keys.js";
import type { RecordHeader } from "../spi/index.js";
import type { Move } from "./moves.js";
import type { Run } from "./run.js";

/** What the destination holds under the keys of successive batches: one listing answers for most of a batch. */
export class Standing {
  readonly #run: Run;
  /** The last key of the batch before, in the destination's store. */
  #after: string | undefined;
  /** The destination had nothing behind the last key. What came since is met by the write, which expects nothing there. */
  #nothingBehind = false;

  constructor(run: Run, after: string | undefined) {
    this.#run = run;
    this.#after = after === undefined ? undefined : run.destination.prefix + after;
  }

  async under(moves: readonly Move[]): Promise<Map<string, RecordHeader>> {
    const found = new Map<string, RecordHeader>();
    if (this.#nothingBehind) return found;
    const keys = new Set(moves.map(({ expected }) => expected.key));
    const covered = this.#run.options.transform === undefined ? await this.#list(moves.length, found) : undefined;
    const rest = [...keys].filter((key) => covered === undefined || compareKeys(key, covered) > 0);
    await concurrently(covered === ALL ? [] : rest, this.#run.concurrency, async (key) => {
      const header = await standingAt(this.#run, key);
      if (header !== undefined) found.set(key, header);
    });
    this.#after = moves.at(-1)?.expected.key ?? this.#after;
    return found;
  }

  /** Up to which key the listing answers. */
  async #list(count: number, found: Map<string, RecordHeader>): Promise<string> {
    const { destination, operation, options } = this.#run;
    const { session, prefix } = destination;
    const { signal } = operation;
    const range = { prefix: prefix + (options.prefix ?? ""), after: this.#after, limit: 2 * count + 1 };
    const page = await session.ask(operation, () => session.adapter.list(range, { now: session.now(), signal }));
    for (const header of page) found.set(header.key, header);
    this.#nothingBehind = page.length === 0;
    return page.length < range.limit ? ALL : (page.at(-1)?.key ?? ALL);
  }
}

/** No key: an empty string. */
const ALL = "";

/** What the destination holds under one key of its store. */
export async function standingAt(
  { destination: { session }, operation }: Run,
  key: string,
): Promise<RecordHeader | undefined> {
  const { signal } = operation;
  return session.ask(operation, () => session.adapter.stat(key, { now: session.now(), signal }));
}
