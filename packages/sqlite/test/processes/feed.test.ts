import { createInterface } from "node:readline";
import type { AdapterChange, FeedEntry } from "@holdfast/core";
import { startChild } from "@holdfast/vitest-preset/child";
import { generator } from "@holdfast/vitest-preset/seed";
import { describe, expect, it } from "vitest";
import { at, call } from "../support/records.js";
import { type FullAdapter, openAdapter, temporaryPath } from "../support/stores.js";
import type { Task } from "./child.js";

const CHILD = new URL("child.ts", import.meta.url);

/** What a process has been told is written: a worker, and the feed entry that it must have left. */
type Acknowledged = readonly [worker: string, type: "save" | "delete", key: string, version: string | null];

describe("the feed of several processes that write at once and are killed", () => {
  const seed = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

  it(`tells every reader each committed write exactly once, in one order (HOLDFAST_SEED=${seed})`, async () => {
    const path = temporaryPath();
    const random = generator(seed);
    const reader = await openAdapter({ path });
    const watched: AdapterChange[] = [];
    const unwatch = await reader.watch((change) => watched.push(change));
    const writing = new AbortController();
    const tails = [1, 7, 1_000].map((limit) => tail(path, limit, writing.signal));

    const acknowledged: Acknowledged[] = [];
    for (let round = 0; round < 3; round++) {
      const lives = [0, 1, 2].map((n) => `${round}.${n}`);
      const told = await Promise.all(lives.map((name) => killed(path, name, 30 + Math.floor(random() * 200))));
      acknowledged.push(...told.flat());
    }
    writing.abort();

    const whole = await readOn(reader, undefined, 1_000_000);
    expect(whole.map(sequenceOf)).toEqual(whole.map((_, index) => index + 1));
    for (const read of await Promise.all(tails)) expect(read).toEqual(whole);
    await expect.poll(() => watched.length, { timeout: 10_000 }).toBe(whole.length);
    expect(watched).toEqual(whole);
    await unwatch();

    for (const worker of new Set(acknowledged.map(([worker]) => worker))) {
      const expected = acknowledged.filter(([each]) => each === worker);
      const found = whole.filter(({ key }) => key.startsWith(`${worker}/`));
      // What was under way when the process died may have been committed: one operation, of at most two entries.
      expect(found.length - expected.length, worker).toBeLessThanOrEqual(2);
      for (const [n, [, type, key, version]] of expected.entries()) {
        expect(found[n], worker).toMatchObject(version === null ? { type, key } : { type, key, version });
      }
    }
    await expectStanding(reader, whole);
  }, 120_000);

  /** Starts a writer and kills it when it has acknowledged so many entries; returns all that it had. */
  async function killed(path: string, name: string, after: number): Promise<Acknowledged[]> {
    const child = await startChild(CHILD);
    child.send({ do: "write", path, name } satisfies Task);
    if (child.stdout === null) throw new Error("the process has no output");
    const lines: Acknowledged[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(JSON.parse(line));
      if (lines.length === after) child.kill("SIGKILL");
    }
    return lines;
  }

  /** Reads on while others write, each page with a new connection at times, as after a restart. */
  async function tail(path: string, limit: number, writing: AbortSignal): Promise<FeedEntry[]> {
    const read: FeedEntry[] = [];
    while (!writing.aborted) {
      const adapter = await openAdapter({ path });
      for (let page = 0; page < 20; page++) {
        read.push(...(await readPage(adapter, read.at(-1)?.cursor, limit)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await adapter.close();
    }
    const adapter = await openAdapter({ path });
    return [...read, ...(await readOn(adapter, read.at(-1)?.cursor, limit))];
  }

  async function readOn(adapter: FullAdapter, after: string | undefined, limit: number): Promise<FeedEntry[]> {
    const read: FeedEntry[] = [];
    for (let cursor = after; ; cursor = read.at(-1)?.cursor) {
      const page = await readPage(adapter, cursor, limit);
      if (page.length === 0) return read;
      read.push(...page);
    }
  }

  async function readPage(adapter: FullAdapter, after: string | undefined, limit: number) {
    const page = await adapter.changes({ after, limit }, call);
    if (page.outcome !== "page") throw new Error(`resync after ${after}`);
    return page.changes;
  }

  /** An entry is part of its write: what the last one of each key says is what stands. */
  async function expectStanding(adapter: FullAdapter, entries: readonly FeedEntry[]): Promise<void> {
    const last = new Map(entries.map((entry) => [entry.key, entry]));
    const headers = await adapter.list({ prefix: "", after: undefined, limit: 1_000_000 }, at);
    const expected = [...last.values()].filter(({ type }) => type === "save");
    expect(new Map(headers.map(({ key, version }) => [key, version]))).toEqual(
      new Map(expected.map(({ key, version }) => [key, version])),
    );
  }

  function sequenceOf({ cursor }: FeedEntry): number {
    return Number(cursor.split(":")[1]);
  }
});
