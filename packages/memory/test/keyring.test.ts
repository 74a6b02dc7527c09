import {
  keyringOf,
  openStorage,
  type Progress,
  type RecordHeader,
  type StorageAdapter,
  type StorageEngine,
} from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { beforeEach, describe, expect, it } from "vitest";
import { Keys } from "./support/keys.ts";

const HISTORY = true;
const NAMES = Array.from({ length: 7 }, (_, place) => `k${place}`);
let keys: Keys;
let store: ReturnType<typeof createMemoryStore>;

beforeEach(() => {
  keys = new Keys();
  store = createMemoryStore();
});

const open = (adapter: StorageAdapter = memory({ store }), metadata = false) =>
  openStorage(adapter, { history: HISTORY, encryption: { keys, metadata } });

/** Seven items, each with a previous version, one deleted key with versions, one plain item. */
async function fill(storage: StorageEngine): Promise<void> {
  for (const name of NAMES) {
    await storage.save(name, `before ${name}`);
    await storage.save(name, `now ${name}`, { tags: [name], metadata: { name } });
  }
  await storage.save("deleted", "gone");
  await storage.delete("deleted");
  await storage.save("plain", "plain", { encrypt: false });
}

async function expectAllThere(storage: StorageEngine): Promise<void> {
  for (const name of NAMES) {
    expect(await storage.load(name)).toBe(`now ${name}`);
    expect(await storage.stat(name)).toMatchObject({ tags: [name], metadata: { name } });
    const [previous] = await storage.history(name);
    expect(await storage.load(name, { version: previous?.version ?? "" })).toBe(`before ${name}`);
  }
  expect((await storage.verify()).ok).toBe(true);
}

/** An adapter whose method fails at its n-th call from now on, as a process that is killed there does. */
function mortal(method: "rewrap" | "put" | "delete", survived: number): StorageAdapter {
  const adapter = memory({ store });
  let left = survived;
  const real = (adapter[method] as (...args: unknown[]) => unknown).bind(adapter);
  Object.assign(adapter, {
    [method]: (...args: unknown[]) => {
      if (left-- <= 0) throw new Error("killed");
      return real(...args);
    },
  });
  return adapter;
}

describe("rotate", () => {
  it("wraps every item and kept version with a new key, and writes no body and no version", async () => {
    const storage = await open();
    await fill(storage);
    const before = keys.active;
    const bodies = new Map<string, RecordHeader>();
    const adapter = memory({ store });
    for (const name of NAMES) bodies.set(name, adapter.stat(name, { now: 0, signal: undefined }) as RecordHeader);
    const { cursor } = await storage.getInfo();

    const report = await keyringOf(storage).rotate();
    expect(report).toMatchObject({ ok: true, key: keys.active, rewrapped: 15, rewritten: 0, dropped: 0, failures: [] });
    expect(keys.active).not.toBe(before);
    for (const name of NAMES) {
      const now = adapter.stat(name, { now: 0, signal: undefined }) as RecordHeader;
      const { encryption, ...rest } = now;
      const { encryption: old, ...same } = bodies.get(name) as RecordHeader;
      expect(rest).toEqual(same);
      expect(encryption).toMatchObject({ key: keys.active, id: old?.id });
      expect(encryption?.wrap).not.toBe(old?.wrap);
    }
    expect((await storage.getInfo()).cursor).toBe(cursor);
    await expectAllThere(storage);
    expect(await keyringOf(storage).keys()).toEqual([
      { id: keys.active, active: true, present: true, items: 7, versions: 8 },
      { id: before, active: false, present: true, items: 0, versions: 0 },
    ]);
    await keyringOf(storage).retire(before);
    expect(keys.keys).toHaveLength(1);
    await expectAllThere(await open());
  });

  it("interrupted at any step leaves everything readable, and goes on from there", async () => {
    for (let survived = 0; survived <= 15; survived++) {
      keys = new Keys();
      store = createMemoryStore();
      const first = await open();
      await fill(first);
      const former = keys.active;
      await first.close();

      const killed = await open(mortal("rewrap", survived));
      const rotation = keyringOf(killed).rotate();
      if (survived < 15) await expect(rotation).rejects.toMatchObject({ code: "INTERNAL" });
      else expect((await rotation).ok).toBe(true);
      await killed.close();

      const again = await open();
      await expectAllThere(again);
      const made = keys.keys.length;
      if (survived < 15) await expect(keyringOf(again).retire(former)).rejects.toMatchObject({ code: "CONFLICT" });
      expect(await keyringOf(again).rotate({ resume: true })).toMatchObject({ ok: true, rewrapped: 15 - survived });
      expect(keys.keys).toHaveLength(made);
      await keyringOf(again).retire(former);
      await expectAllThere(again);
      await again.close();
    }
  });

  it("lets writers go on under a former key, and reaches what they wrote", async () => {
    const elsewhere = await open();
    const storage = await open();
    await keyringOf(storage).rotate();
    await elsewhere.save("late", 1);
    expect(await storage.load("late")).toBe(1);
    expect(await keyringOf(storage).rotate({ resume: true })).toMatchObject({ ok: true, rewrapped: 1 });
    expect(await elsewhere.load("late")).toBe(1);
  });

  it.each([
    ["rotate", "rotate"],
    ["rotate", "reencrypt"],
    ["reencrypt", "rotate"],
    ["reencrypt", "reencrypt"],
  ] as const)("while another storage does %s and %s: both come to an end, under one key", async (one, other) => {
    const [first, second] = [await open(), await open()];
    for (let n = 0; n < 200; n++) await first.save(`many/${n}`, n);
    await fill(first);
    const counted = (storage: StorageEngine) => keyringOf(storage).keys();
    const held = (await counted(first)).reduce((sum, { items, versions }) => sum + items + versions, 0);
    const reports = await Promise.all([keyringOf(first)[one](), keyringOf(second)[other]()]);
    for (const report of reports) {
      expect(report).toMatchObject({ ok: true, key: keys.active, failures: [] });
      // Under each of the two keys once, and what `reencrypt` leaves as a version of each of them.
      expect(report.rewrapped + report.rewritten + report.dropped).toBeLessThan(5 * held);
    }
    for (const storage of [first, second]) {
      for (const { id, items, versions } of await counted(storage)) {
        if (id !== keys.active) expect({ id, items, versions }).toEqual({ id, items: 0, versions: 0 });
      }
      expect((await storage.verify()).ok).toBe(true);
    }
  });

  it("writes records anew where the adapter cannot change a header alone", async () => {
    const adapter = memory({ store });
    Object.assign(adapter, { rewrap: undefined });
    const storage = await openStorage(adapter, { encryption: { keys } });
    await storage.save("a", 1);
    const before = await storage.stat("a");
    expect(await keyringOf(storage).rotate()).toMatchObject({ ok: true, rewritten: 1, rewrapped: 0 });
    const after = await storage.stat("a");
    expect(after?.modified).toEqual(before?.modified);
    expect(after?.version).not.toBe(before?.version);
    expect(await storage.load("a")).toBe(1);
  });

  it("names what cannot be rotated, and goes on with the others", async () => {
    const storage = await open();
    await storage.save("a", 1);
    const lost = keys.active;
    await keys.add();
    keys.keys = keys.keys.filter(({ id }) => id !== lost);
    const later = await open();
    await later.save("b", 2);
    const report = await keyringOf(later).rotate();
    expect(report).toMatchObject({ ok: false, rewrapped: 1, failures: [{ key: "a", code: "KEY_MISSING" }] });
    expect(await keyringOf(later).keys()).toContainEqual({
      id: lost,
      active: false,
      present: false,
      items: 1,
      versions: 0,
    });
  });
});

describe("reencrypt", () => {
  it("encrypts everything anew and drops what was under other keys", async () => {
    const storage = await open();
    await fill(storage);
    const before = keys.active;
    const ids = new Set<string | undefined>();
    const adapter = memory({ store });
    const read = (name: string) => adapter.stat(name, { now: 0, signal: undefined }) as RecordHeader;
    for (const name of NAMES) ids.add(read(name).encryption?.id);
    const report = await keyringOf(storage).reencrypt();
    // Each item's own former version is kept by the write, and dropped in its turn.
    expect(report).toMatchObject({ ok: true, rewritten: 7, failures: [] });
    expect(report.dropped).toBe(15);
    for (const name of NAMES) {
      expect(ids).not.toContain(read(name).encryption?.id);
      expect(await storage.load(name)).toBe(`now ${name}`);
      expect(await storage.history(name)).toEqual([]);
      expect(await storage.stat(name)).toMatchObject({ tags: [name], metadata: { name } });
    }
    await keyringOf(storage).retire(before);
    expect((await storage.verify()).ok).toBe(true);
    expect(await storage.load("plain")).toBe("plain");
  });

  it("interrupted at any step goes on from there", async () => {
    for (let survived = 0; survived <= 7; survived++) {
      keys = new Keys();
      store = createMemoryStore();
      const first = await open(memory({ store }), true);
      await fill(first);
      const former = keys.active;
      await first.close();
      const killed = await open(mortal("put", survived), true);
      const run = keyringOf(killed).reencrypt();
      if (survived < 7) await expect(run).rejects.toMatchObject({ code: "INTERNAL" });
      else expect((await run).ok).toBe(true);
      await killed.close();
      const again = await open(memory({ store }), true);
      for (const name of NAMES) expect(await again.load(name)).toBe(`now ${name}`);
      expect((await keyringOf(again).reencrypt({ resume: true })).ok).toBe(true);
      await keyringOf(again).retire(former);
      for (const name of NAMES) {
        expect(await again.load(name)).toBe(`now ${name}`);
        expect(await again.stat(name)).toMatchObject({ tags: [name], metadata: { name } });
      }
      await again.close();
    }
  });
});

describe("a keyring", () => {
  it("refuses what it cannot do", async () => {
    const storage = await open();
    await storage.save("a", 1);
    const ring = keyringOf(storage);
    await expect(ring.retire(keys.active)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(ring.retire("0123456789abcdef")).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(ring.rotate({ resme: true } as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    await expect(ring.rotate({ resume: 1 } as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(() => keyringOf(storage.namespace("a"))).toThrow("whole store");
    const plain = await openStorage(memory());
    expect(() => keyringOf(plain)).toThrow("without keys");
    const fixed = { name: "fixed", load: () => keys.load() };
    const outside = await openStorage(memory({ store }), { encryption: { keys: fixed } });
    for (const call of [keyringOf(outside).rotate(), keyringOf(outside).retire(keys.active)]) {
      await expect(call).rejects.toMatchObject({ code: "UNSUPPORTED" });
    }
    expect(await keyringOf(outside).rotate({ resume: true })).toMatchObject({ ok: true });
    await storage.close();
    await expect(ring.keys()).rejects.toMatchObject({ code: "CLOSED" });
  });

  it.each(["rotate", "reencrypt"] as const)("tells how far %s is, of all that needs another key", async (verb) => {
    const storage = await open();
    await fill(storage);
    const seen: Progress[] = [];
    const report = await keyringOf(storage)[verb]({ progress: (progress) => void seen.push(progress) });
    const done = report.rewrapped + report.rewritten;
    expect(done).toBeGreaterThan(0);
    expect(seen[0]).toMatchObject({ phase: verb, items: 0, totalItems: done });
    expect(seen.at(-1)).toMatchObject({ items: done, totalItems: done, totalBytes: seen.at(-1)?.bytes, remaining: 0 });
    await keyringOf(storage)[verb]({ resume: true, progress: (progress) => void seen.push(progress) });
    expect(seen.at(-1)).toMatchObject({ items: 0, totalItems: 0 });
    const wrong = keyringOf(storage)[verb]({ onProgress: () => undefined } as never);
    await expect(wrong).rejects.toMatchObject({ code: "INVALID_OPTION" });
  });

  it("stops when its signal fires", async () => {
    const storage = await open();
    await fill(storage);
    const control = new AbortController();
    const rotation = keyringOf(storage).rotate({ signal: control.signal, progress: () => control.abort() });
    await expect(rotation).rejects.toMatchObject({ code: "ABORTED" });
    await expectAllThere(storage);
  });
});

describe("history", () => {
  it("of what was plain goes when the key is encrypted", async () => {
    const storage = await open();
    await storage.save("a", "plain 1", { encrypt: false });
    await storage.save("a", "plain 2", { encrypt: false });
    expect(await storage.history("a")).toHaveLength(1);
    await storage.save("a", "encrypted 1");
    expect(await storage.history("a")).toEqual([]);
    await storage.save("a", "encrypted 2");
    expect(await storage.history("a")).toHaveLength(1);
    await storage.save("b", "plain", { encrypt: false });
    await storage.delete("b");
    await storage.batch([{ type: "save", key: "b", data: "encrypted" }]);
    expect(await storage.history("b")).toEqual([]);
  });

  it("restores an encrypted version, signed anew, and says which key that takes", async () => {
    const storage = await open(memory({ store }), true);
    const { version } = await storage.save("a", "one", { tags: ["t"] });
    await storage.save("a", "two");
    expect(await storage.restore("a", version)).toMatchObject({ tags: ["t"], encrypted: true });
    expect(await storage.load("a")).toBe("one");
    expect((await storage.verify()).ok).toBe(true);
    const blind = await openStorage(memory({ store }), { history: HISTORY });
    await expect(blind.restore("a", version)).rejects.toMatchObject({ code: "KEY_MISSING" });
  });
});
