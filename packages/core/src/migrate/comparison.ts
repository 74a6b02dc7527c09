import type { ComparedItem, CompareOptions } from "../contract/comparison.js";
import { rejectUnknown, requireBoolean, requireConcurrency, requireFunction } from "../engine/arguments.js";
import { concurrently, DEFAULT_CONCURRENCY } from "../engine/concurrently.js";
import { abortError, type Operation, toStorageError } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { ProgressMeter } from "../engine/progress-meter.js";
import { sizeOf } from "../engine/size-of.js";
import { readVerified } from "../engine/streams.js";
import { checkPrefix, compareKeys } from "../keys.js";
import type { RecordHeader } from "../spi/index.js";
import { differences } from "./same-content.js";
import { sameValue } from "./same-value.js";

const LISTED = 1_000;
/** Compared before the first of them is told. */
const PAGE = 128;

interface Pair {
  readonly key: string;
  readonly first: RecordHeader | undefined;
  readonly second: RecordHeader | undefined;
  /** Of the first, where there is one. */
  readonly storedSize: number;
}

/** Two storages, compared a page at a time. */
export class Comparison {
  readonly #pairs: Pairs;
  readonly #content: boolean;
  readonly #concurrency: number;
  readonly #begin: (operation: Operation) => Promise<ProgressMeter>;
  #begun: ProgressMeter | undefined;

  constructor(first: Internals, second: Internals, options: CompareOptions) {
    rejectUnknown("option", options, ["prefix", "content", "concurrency", "progress", "signal"]);
    const { content = true, concurrency = DEFAULT_CONCURRENCY, progress } = options;
    requireBoolean("content", content);
    requireConcurrency(concurrency);
    if (progress !== undefined) requireFunction("progress", progress);
    const prefix = checkPrefix(options.prefix ?? "");
    this.#pairs = new Pairs(first, second, prefix);
    this.#content = content;
    this.#concurrency = concurrency;
    this.#begin = async (operation) => {
      const total = progress && (await sizeOf(pages(new Pairs(first, second, prefix), operation)));
      return new ProgressMeter("compare", first.session.ports.clock, progress, total?.items, total);
    };
  }

  /** Undefined at the end. */
  async next(operation: Operation): Promise<ComparedItem[] | undefined> {
    this.#begun ??= await this.#begin(operation);
    const meter = this.#begun;
    const pairs = await this.#pairs.next(operation, PAGE);
    if (pairs.length === 0) {
      await meter.end();
      return undefined;
    }
    const compared = new Map<Pair, ComparedItem>();
    await concurrently(pairs, this.#concurrency, async (pair) => {
      compared.set(pair, await this.#compare(operation, pair));
      meter.add(1, pair.storedSize);
    });
    return pairs.flatMap((pair) => compared.get(pair) ?? []);
  }

  async #compare(operation: Operation, { key, first, second }: Pair): Promise<ComparedItem> {
    if (second === undefined) return { key, result: "only-in-first" };
    if (first === undefined) return { key, result: "only-in-second" };
    const [left, right] = [
      await this.#read(operation, this.#pairs.first, first),
      await this.#read(operation, this.#pairs.second, second),
    ];
    if ("failure" in left) return { key, result: "unreadable", side: "first", ...left.failure };
    if ("failure" in right) return { key, result: "unreadable", side: "second", ...right.failure };
    // Deleted or expired since it was listed.
    if (left.header === undefined && right.header === undefined) return { key, result: "equal" };
    if (right.header === undefined) return { key, result: "only-in-first" };
    if (left.header === undefined) return { key, result: "only-in-second" };
    const different = await this.#differences(operation, left.header, right.header);
    return different.length === 0 ? { key, result: "equal" } : { key, result: "different", differences: different };
  }

  /** What is encrypted anew, or only on one side, is compared as it is when it is opened, where there are keys. */
  async #differences(operation: Operation, a: RecordHeader, b: RecordHeader): Promise<string[]> {
    const different = differences(a, b);
    if (!this.#content || !different.includes("encryption")) return different;
    const [first, second] = [this.#pairs.first.internals.session, this.#pairs.second.internals.session];
    if (!(await sameValue(operation, { session: first, header: a }, { session: second, header: b }))) return different;
    return a.encryption === undefined || b.encryption === undefined ? ["encryption"] : [];
  }

  async #read(operation: Operation, { internals }: Side, listed: RecordHeader): Promise<Reading> {
    if (!this.#content) return { header: listed };
    if (operation.signal?.aborted) throw abortError(operation);
    try {
      return { header: await readVerified(internals.session, operation, listed.key) };
    } catch (error) {
      if (operation.signal?.aborted) throw abortError(operation);
      const { code, message } = toStorageError(error, operation, internals.session.adapter);
      if (code === "CLOSED") throw error;
      return { failure: { code, message } };
    }
  }
}

type Reading =
  | { readonly header: RecordHeader | undefined }
  | { readonly failure: Pick<Extract<ComparedItem, { result: "unreadable" }>, "code" | "message"> };

async function* pages(pairs: Pairs, operation: Operation): AsyncGenerator<Pair[]> {
  for (;;) {
    const page = await pairs.next(operation, LISTED);
    if (page.length === 0) return;
    yield page;
  }
}

/** Two listings, merged. */
class Pairs {
  readonly first: Side;
  readonly second: Side;

  constructor(first: Internals, second: Internals, prefix: string) {
    this.first = new Side(first, prefix);
    this.second = new Side(second, prefix);
  }

  /** None at the end. */
  async next(operation: Operation, most: number): Promise<Pair[]> {
    const pairs: Pair[] = [];
    while (pairs.length < most) {
      const pair = await this.#pair(operation);
      if (pair === undefined) break;
      pairs.push(pair);
    }
    return pairs;
  }

  async #pair(operation: Operation): Promise<Pair | undefined> {
    const [a, b] = [await this.first.peek(operation), await this.second.peek(operation)];
    if (a === undefined && b === undefined) return undefined;
    const order = a === undefined ? 1 : b === undefined ? -1 : compareKeys(a.key, b.key);
    const first = order <= 0 ? this.first.take() : undefined;
    const second = order >= 0 ? this.second.take() : undefined;
    return {
      key: (order <= 0 ? a?.key : b?.key) ?? "",
      first,
      second,
      storedSize: (first ?? second)?.storedSize ?? 0,
    };
  }
}

/** One of the two listings. */
class Side {
  readonly internals: Internals;
  readonly #prefix: string;
  #page: RecordHeader[] = [];
  #next = 0;
  #after: string | undefined;
  #ended: boolean;

  constructor(internals: Internals, prefix: string) {
    this.internals = internals;
    this.#prefix = internals.prefix + prefix;
    // No key starts with half of a surrogate pair.
    this.#ended = !prefix.isWellFormed();
  }

  /** The header that comes next, and its key as the caller calls it. */
  async peek(operation: Operation): Promise<{ key: string } | undefined> {
    if (this.#next === this.#page.length && !this.#ended) await this.#list(operation);
    const header = this.#page[this.#next];
    return header && { key: header.key.slice(this.internals.prefix.length) };
  }

  take(): RecordHeader | undefined {
    return this.#page[this.#next++];
  }

  async #list(operation: Operation): Promise<void> {
    const { session } = this.internals;
    const { signal } = operation;
    const range = { prefix: this.#prefix, after: this.#after, limit: LISTED };
    this.#page = await session.ask(operation, () => session.adapter.list(range, { now: session.now(), signal }));
    this.#next = 0;
    this.#ended = this.#page.length < LISTED;
    this.#after = this.#page.at(-1)?.key;
  }
}
