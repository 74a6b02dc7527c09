import { once } from "node:events";
import { createInterface } from "node:readline";
import type { StorageEngine } from "@holdfast/core";
import { perform, startChild } from "@holdfast/vitest-preset/child";
import { generator } from "@holdfast/vitest-preset/seed";
import { describe, expect, it } from "vitest";
import { filesIn, openRoot, readJson, readText, temporaryRoot } from "../support/roots.js";
import type { Task } from "./child.js";

const CHILD = new URL("child.ts", import.meta.url);

describe("two processes", () => {
  it("that count in one item lose no step, and leave its file as it is", async () => {
    const root = temporaryRoot();
    const children = await Promise.all([startChild(CHILD), startChild(CHILD)]);
    await Promise.all(children.map((child) => perform<Task>(child, { do: "count", root, times: 100 })));
    const storage = await openRoot(root);
    expect(await storage.load("counter")).toBe(200);
    await storage.flush();
    expect(readText(root, "counter.json")).toBe("200");
    expect((await storage.verify()).problems).toEqual([]);
  }, 60_000);

  it("have one mirror, and when that is killed another at once", async () => {
    const root = temporaryRoot();
    const child = await startChild(CHILD);
    await perform<Task>(child, { do: "hold", root });
    const storage = await openRoot(root);
    expect((await storage.getInfo()).details["mirrors"]).toBe(false);
    await storage.save("a", 1);
    await storage.flush();
    expect(readText(root, "a.json")).toBe("1");
    child.kill("SIGKILL");
    await once(child, "exit");
    await storage.save("a", 2);
    await storage.flush();
    expect(readText(root, "a.json")).toBe("2");
    expect((await storage.getInfo()).details["mirrors"]).toBe(true);
    expect(readJson(root, "held.meta.json")).toMatchObject({ key: "held" });
  }, 60_000);
});

describe("a process that is killed while it saves", () => {
  const seed = Number(process.env["HOLDFAST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

  it(`has lost nothing that was acknowledged (HOLDFAST_SEED=${seed})`, async () => {
    const root = temporaryRoot();
    const random = generator(seed);
    for (let round = 0; round < 6; round++) {
      const last = await killed(root, round, 20 + Math.floor(random() * 200));
      const storage = await openRoot(root);
      for (const [key, value] of last.acknowledged) {
        // What was under way when the process died may have come after it, for each worker's next key alone.
        if (!(await holds(storage, key, value))) expect(last.inFlight(key), `${key} in round ${round}`).toBe(true);
      }
      expect((await storage.verify()).problems).toEqual([]);
      await storage.flush();
      expect((await storage.verify()).problems).toEqual([]);
      expect(filesIn(root).length).toBe(2 * (await storage.count()));
      await storage.close();
    }
  }, 120_000);

  interface Killed {
    /** The last acknowledged value of each key; null after a deletion. */
    readonly acknowledged: Map<string, unknown>;
    /** Whether the process may have been at work on the key when it died. */
    inFlight(key: string): boolean;
  }

  async function killed(root: string, round: number, after: number): Promise<Killed> {
    const child = await startChild(CHILD);
    child.send({ do: "save", root, round } satisfies Task);
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
