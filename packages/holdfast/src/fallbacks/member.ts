import {
  type AdapterContext,
  type AdapterWrite,
  type Awaitable,
  BEFORE_ALL_TIME,
  type CallOptions,
  checksumOf,
  type RecordHeader,
  type StorageAdapter,
  type Version,
  VersionClock,
} from "@holdfast/core";
import { type Held, heldOf, type Mark, markedHeader } from "./mark.js";

/** One change to a fallback, on the condition that it still holds what it was decided upon. */
export type Step =
  | {
      readonly type: "hold";
      readonly shown: RecordHeader;
      readonly body: Uint8Array;
      readonly mark: Mark;
      readonly over: Held | undefined;
    }
  | { readonly type: "drop"; readonly over: Held };

const PAGE = 500;
// An entry that expires while it waits is there all the same.
const ALWAYS = { now: BEFORE_ALL_TIME, signal: undefined };

/** One fallback: an adapter whose records carry marks. */
export class FallbackMember {
  readonly adapter: StorageAdapter;
  #clock: VersionClock | undefined;

  constructor(adapter: StorageAdapter) {
    this.adapter = adapter;
  }

  async open(context: AdapterContext): Promise<void> {
    const { lastVersion } = await this.adapter.open({ ...context, history: false });
    this.#clock = new VersionClock(context.ports, lastVersion);
  }

  async find(key: string): Promise<Held | undefined> {
    const header = await this.adapter.stat(key, ALWAYS);
    return header && heldOf(header);
  }

  async get(key: string): Promise<{ held: Held; body: Uint8Array } | undefined> {
    const record = await this.adapter.get(key, ALWAYS);
    return record && { held: heldOf(record.header), body: record.body };
  }

  /** All that it holds below a prefix, in the order of keys. */
  async *scan(prefix: string, after?: string): AsyncGenerator<Held, void, undefined> {
    let last = after;
    for (;;) {
      const page = await this.adapter.list({ prefix, after: last, limit: PAGE }, ALWAYS);
      for (const header of page) yield heldOf(header);
      last = page.at(-1)?.key;
      if (page.length < PAGE) return;
    }
  }

  /** Takes all steps as one, or none and resolves to false, where somebody else came between. */
  async commit(steps: readonly Step[], { signal }: CallOptions = { signal: undefined }): Promise<boolean> {
    const { batch } = this.adapter;
    const [first] = steps;
    if (first === undefined) return true;
    for (;;) {
      const writes = await Promise.all(steps.map((step) => this.#writeOf(step)));
      const [only] = writes;
      let outcome: { outcome: string; reason?: { outcome: string; floor?: Version }; floor?: Version };
      if (writes.length > 1 && batch !== undefined) {
        outcome = await batch.call(this.adapter, writes, { now: BEFORE_ALL_TIME, signal });
      } else outcome = await this.#single(only as AdapterWrite, signal);
      const { floor } = outcome.reason ?? outcome;
      if (floor === undefined) return outcome.outcome !== "refused" && outcome.outcome !== "conflict";
      // Its clock was behind: again with a greater version.
      this.#clock?.observe(floor);
    }
  }

  flush(options: CallOptions): Awaitable<void> {
    return this.adapter.flush?.(options);
  }

  #single(write: AdapterWrite, signal: AbortSignal | undefined) {
    const { expect } = write;
    if (write.type === "put") return this.adapter.put(write.record, { expect, now: BEFORE_ALL_TIME }, { signal });
    return this.adapter.delete(
      write.key,
      { version: write.version, expect: write.expect, now: BEFORE_ALL_TIME },
      { signal },
    );
  }

  async #writeOf(step: Step): Promise<AdapterWrite> {
    const version = this.#nextVersion();
    if (step.type === "drop") {
      const { key, version: expect } = step.over.stored;
      return { type: "delete", key, version, expect };
    }
    const { shown, body, mark, over } = step;
    const { chunkHashes } = await checksumOf(body);
    const header = markedHeader(shown, mark, version);
    // Nobody searches a fallback by its own index.
    const record = { header, body, terms: [], chunkHashes };
    return { type: "put", record, expect: over === undefined ? "absent" : over.stored.version };
  }

  #nextVersion(): Version {
    // Opened before all else.
    return (this.#clock as VersionClock).next();
  }
}
