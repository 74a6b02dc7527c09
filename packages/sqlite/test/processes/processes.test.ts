import { createInterface } from "node:readline";
import { openStorage, type StorageEngine } from "@holdfast/core";
import { sqlite } from "@holdfast/sqlite";
import { perform, startChild } from "@holdfast/vitest-preset/child";
import { generator } from "@holdfast/vitest-preset/seed";
import { describe, expect, it } from "vitest";
import { writeLayout1 } from "../support/layout-1.js";
import { LAYOUT } from "../support/marks.js";
import { temporaryPath } from "../support/stores.js";
import type { Task } from "./child.js";

const CHILD = new URL("child.ts", import.meta.url);

describe("two processes", () => {
  it("that count in one item lose no step", async () => {
    const path = temporaryPath();
    const children = await Promise.all([startChild(CHILD), startChild(CHILD)]);
    await Promise.all(children.map((child) => perform<Task>(child, { do: "count", path, times: 200 })));
    const storage = await openStorage(sqlite({ path }));
    expect(await storage.load("counter")).toBe(400);
    await storage.close();
  }, 60_000);

  it("that open a fresh file at once both work on one store", async () => {
    const children = await Promise.all([startChild(CHILD), startChild(CHILD)]);
    for (let time = 0; time < 10; time++) {
      const path = temporaryPath();
      await Promise.all(children.map((child, n) => perform<Task>(child, { do: "open", path, name: `by-${n}` })));
      const storage = await openStorage(sqlite({ path }));
      expect((await storage.list()).map(({ key }) => key)).toEqual(["by-0", "by-1"]);
      expect((await storage.verify()).problems).toEqual([]);
      await storage.close();
    }
  }, 60_000);
});

describe("two processes that open a store of an older layout at once", () => {
  it("both work on it, brought up to date", async () => {
    const children = await Promise.all([startChild(CHILD), startChild(CHILD)]);
    for (let time = 0; time < 10; time++) {
      const path = temporaryPath();
      writeLayout1(path);
      await Promise.all(children.map((child, n) => perform<Task>(child, { do: "open", path, name: `by-${n}` })));
      const storage = await openStorage(sqlite({ path }));
      expect((await storage.list()).map(({ key }) => key)).toEqual(["by-0", "by-1", "large", "small"]);
      expect((await storage.getInfo()).details["layout"]).toBe(LAYOUT);
      await storage.close();
    }
  }, 60_000);
});

describe("a process that is killed while it saves", () => {
  const seed = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

  it(`has lost nothing that was acknowledged (HOLDFAST_SEED=${seed})`, async () => {
    const path = temporaryPath();
    const random = generator(seed);
    for (let round = 0; round < 6; round++) {
      const last = await killed(path, round, 20 + Math.floor(random() * 300));
      const storage = await openStorage(sqlite({ path }));
      for (const [key, value] of last.acknowledged) {
        // What was under way when the process died may have come after it, for each worker's next key alone.
        if (!(await holds(storage, key, value))) expect(last.inFlight(key), `${key} in round ${round}`).toBe(true);
      }
      expect((await storage.verify()).problems).toEqual([]);
      expect((await storage.search({ text: "words" })).length).toBe(
        (await storage.list()).filter(({ format }) => format === "json").length,
      );
      await storage.close();
    }
  }, 120_000);

  interface Killed {
    /** The last acknowledged value of each key; null after a deletion. */
    readonly acknowledged: Map<string, unknown>;
    /** Whether the process may have been at work on the key when it died. */
    inFlight(key: string): boolean;
  }

  async function killed(path: string, round: number, after: number): Promise<Killed> {
    const child = await startChild(CHILD);
    child.send({ do: "save", path, round } satisfies Task);
    const acknowledged = new Map<string, unknown>();
    const counts = new Map<string, number>();
    let lines = 0;
    if (child.stdout === null) throw new Error("the process has no output");
    for await (const line of createInterface({ input: child.stdout })) {
      const [key, value]: [string, unknown] = JSON.parse(line);
      acknowledged.set(key, value);
      const worker = workerOf(key);
      counts.set(worker, (counts.get(worker) ?? 0) + 1);
      // Lines that were written before it died are still read.
      if (++lines === after) child.kill("SIGKILL");
    }
    return {
      acknowledged,
      inFlight: (key) => key === `${workerOf(key)}/${(counts.get(workerOf(key)) ?? 0) % 7}`,
    };
  }

  function workerOf(key: string): string {
    return key.slice(0, key.lastIndexOf("/"));
  }

  async function holds(storage: StorageEngine, key: string, value: unknown): Promise<boolean> {
    const found = await storage.load(key);
    if (value === null) return found === undefined;
    if (!(found instanceof Uint8Array)) return JSON.stringify(found) === JSON.stringify(value);
    const { size, fill } = value as { size: number; fill: number };
    return found.byteLength === size && found.every((byte) => byte === fill);
  }
});
