import { type ComparedItem, compareStores, openStorage, type Progress } from "@holdfast/core";
import { expect, it } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";

async function pair() {
  const second = new MapAdapter();
  return { a: await openStorage(new MapAdapter()), b: await openStorage(second), second };
}

async function compared(...call: Parameters<typeof compareStores>): Promise<ComparedItem[]> {
  const items: ComparedItem[] = [];
  for await (const item of compareStores(...call)) items.push(item);
  return items;
}

it("tells of every key, in order, whether it is equal, on one side, different or unreadable", async () => {
  const { a, b, second } = await pair();
  const ports = { clock: { now: () => 1_700_000_000_000 } };
  const [c, d] = [await openStorage(new MapAdapter(), { ports }), await openStorage(peerOf(second), { ports })];
  for (const storage of [c, d]) {
    await storage.save("equal", [1]);
    await storage.save("tagged", 1, { tags: storage === c ? ["x"] : [] });
    await storage.save("value", storage === c ? "one" : "two");
    await storage.save("unreadable", "same");
  }
  await c.save("left", 1);
  await d.save("\u{1f600}", 1);
  second.records.get("unreadable")?.body.fill(0);
  expect(await compared(c, d)).toEqual([
    { key: "equal", result: "equal" },
    { key: "left", result: "only-in-first" },
    { key: "tagged", result: "different", differences: ["tags"] },
    { key: "unreadable", result: "unreadable", side: "second", code: "CORRUPT", message: expect.any(String) },
    { key: "value", result: "different", differences: ["checksum"] },
    { key: "\u{1f600}", result: "only-in-second" },
  ]);
  expect(await compared(c, d, { content: false, prefix: "un" })).toEqual([{ key: "unreadable", result: "equal" }]);
  expect(await compared(a, b.namespace("x"))).toEqual([]);
});

it("compares namespaces, page by page", async () => {
  const { a, b } = await pair();
  for (let index = 0; index < 1_300; index++) {
    if (index % 3 > 0) await a.save(`left/k${index}`, 1);
    if (index % 2 > 0) await b.save(`k${index}`, 1);
  }
  const items = await compared(a.namespace("left"), b, { content: false });
  const keys = items.map(({ key }) => key);
  expect(keys).toEqual([...new Set(keys)].sort());
  const count = (result: string) => items.filter((item) => item.result === result).length;
  expect(count("only-in-first")).toBe(433);
  expect(count("only-in-second")).toBe(217);
  expect(count("equal") + count("different")).toBe(433);
});

it("says from the start how many keys there are, those of one side alone included", async () => {
  const { a, b } = await pair();
  await a.save("x/both", "four");
  await b.save("x/both", "four!");
  await a.save("x/first", 1);
  await b.save("x/second", 22);
  await b.save("y", 1);
  const seen: Progress[] = [];
  await compared(a, b, { prefix: "x/", progress: (progress) => void seen.push(progress) });
  const total = { phase: "compare", totalItems: 3, totalBytes: 6 + 1 + 2 };
  expect(seen[0]).toMatchObject({ ...total, items: 0, bytes: 0 });
  expect(seen.at(-1)).toMatchObject({ ...total, items: 3, bytes: 9, remaining: 0 });
});

it("is refused wrong options, and ends with its signal and with what its listener throws", async () => {
  const { a, b } = await pair();
  await a.save("a", 1);
  await expect(compared(a, b, { contents: true } as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(compared(a, b, { content: 1 } as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
  await expect(compared(a, b, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
  const own = new Error("mine");
  await expect(compared(a, b, { progress: () => Promise.reject(own) })).rejects.toBe(own);
  await b.close();
  await expect(compared(a, b)).rejects.toMatchObject({ code: "CLOSED" });
});
