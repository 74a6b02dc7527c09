import { openStorage, type StorageEngine } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { describe, expect, it } from "vitest";
import { WriterOracle } from "../src/oracle.ts";
import { lookUp } from "../src/standing.ts";
import { perform } from "../src/workload/perform.ts";
import type { Step, Value } from "../src/workload/plan.ts";

const value = (mark: string): Value => ({ format: "json", mark, length: 20 });
const save = (key: string, mark: string): Step => ({ do: "save", key, value: value(mark) });

async function check(oracle: WriterOracle, storage: StorageEngine): Promise<string[]> {
  return oracle.judge(await lookUp(storage, new Map(Array.from(oracle.keys, (key) => [key, oracle.possible(key)]))));
}

describe("the oracle", () => {
  const open = () => openStorage(memory());

  it("sees an acknowledged save that is lost", async () => {
    const oracle = new WriterOracle(["a"]);
    oracle.take(save("a", "1"), "done");
    expect(await check(oracle, await open())).toContainEqual(expect.stringContaining("a: found nothing, expected 1"));
  });

  it("sees a deletion that came back, and an older value", async () => {
    const storage = await open();
    await perform(storage, save("a", "1"));
    const deleted = new WriterOracle(["a"]);
    deleted.take(save("a", "1"), "done");
    deleted.take({ do: "delete", key: "a" }, "done");
    expect(await check(deleted, storage)).not.toEqual([]);
    const newer = new WriterOracle(["a"]);
    newer.take(save("a", "1"), "done");
    newer.take(save("a", "2"), "done");
    expect(await check(newer, storage)).not.toEqual([]);
  });

  it("lets a step without an answer be done or not, and holds to what it saw", async () => {
    const storage = await open();
    const oracle = new WriterOracle(["a"]);
    oracle.take(save("a", "1"), "begun");
    expect(await check(oracle.clone(), storage)).toEqual([]);
    await perform(storage, save("a", "1"));
    expect(await check(oracle, storage)).toEqual([]);
    await storage.delete("a");
    expect(await check(oracle, storage)).not.toEqual([]);
  });

  it("sees half of a batch", async () => {
    const storage = await open();
    const oracle = new WriterOracle(["a", "b"]);
    const saves = ["a", "b"].map((key) => ({ key, value: value(`of ${key}`) }));
    oracle.take({ do: "batch", saves, deletes: [] }, "begun");
    await perform(storage, save("a", "of a"));
    expect(await check(oracle, storage)).toEqual([
      expect.stringContaining("no outcome of the steps explains what stands"),
    ]);
  });

  it("sees a value that is changed in one character", async () => {
    const storage = await open();
    const oracle = new WriterOracle(["a"]);
    oracle.take(save("a", "1"), "done");
    await storage.save("a", { mark: "1", text: "word word word wore ", list: [1, true, null] });
    expect(await check(oracle, storage)).not.toEqual([]);
  });
});
