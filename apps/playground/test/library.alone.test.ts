import { openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { createMemoryStore, type MemoryStore, memory } from "@holdfast/memory";
import { signal } from "@preact/signals";
import { afterEach, expect, it, vi } from "vitest";
import type { Account, Standing } from "../src/store/account.ts";
import { deleteEverything } from "../src/store/delete-everything.ts";
import { bringBack, type Detail, readDetail } from "../src/store/detail.ts";
import { Library } from "../src/store/library.ts";
import { SETTINGS } from "../src/store/session.ts";

// What the module that follows the network finds of a page.
const network = vi.hoisted(() => {
  const listeners: (() => void)[] = [];
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("addEventListener", (_: string, listener: () => void) => listeners.push(listener));
  return {
    is(onLine: boolean): void {
      vi.stubGlobal("navigator", { onLine });
      for (const listener of listeners) listener();
    },
  };
});

let library: Library | undefined;
afterEach(() => library?.stop());

async function open(store: MemoryStore): Promise<StorageEngine> {
  return openStorage(memory({ store }), SETTINGS);
}

async function show(storage: StorageEngine, account?: Account): Promise<Library> {
  library = await Library.start({ storage, account });
  return library;
}

/** What is kept of `gone`, which was deleted, and of `here`, which stands. */
async function withHistory(storage: StorageEngine): Promise<void> {
  for (const key of ["gone", "here"]) {
    await storage.save(key, "first");
    await storage.save(key, "second");
  }
  await storage.delete("gone");
}

const kept = async (storage: StorageEngine, key: string) => (await storage.history(key)).length;

it("what was deleted when the store was open before takes its history along; what stands keeps it", async () => {
  const store = createMemoryStore();
  const before = await open(store);
  await withHistory(before);
  expect(await kept(before, "gone")).toBe(2);
  await before.close();
  const storage = await open(store);
  await show(storage);
  await expect.poll(() => kept(storage, "gone"), { timeout: 5_000 }).toBe(0);
  expect(await kept(storage, "here")).toBe(1);
});

it("a deletion is taken back also where its history is gone, as the page had it", async () => {
  await using storage = await open(createMemoryStore());
  const expiration = new Date(Date.now() + 1_000_000);
  await storage.save("a", "first", { tags: ["t"], metadata: { stars: 1 }, format: "yaml", expiration });
  const detail = (await readDetail(storage, "a")) as Detail;
  await storage.delete("a");
  await bringBack(storage, detail);
  expect(await storage.stat("a")).toMatchObject({ created: detail.item.created });
  await storage.delete("a");
  await storage.sweep();
  await bringBack(storage, detail);
  const { tags, metadata, format } = detail.item;
  expect(await storage.stat("a")).toMatchObject({ tags, metadata, format, expiration });
  expect(await storage.load("a")).toBe("first");
  await expect(bringBack(storage, detail)).rejects.toMatchObject({ code: "CONFLICT" });
});

it("what could not be read is read again with the list, the open item too", async () => {
  const storage = await open(createMemoryStore());
  const scan = vi.spyOn(storage, "scan").mockImplementationOnce(() => {
    throw new StorageError("UNAVAILABLE", "away");
  });
  const shown = await show(storage);
  let readings = 0;
  shown.onChange((key) => {
    if (key === undefined) readings++;
  });
  await expect.poll(() => readings, { timeout: 10_000 }).toBe(1);
  expect(scan.mock.calls.length).toBeGreaterThan(1);
  expect(shown.overview.value?.items).toBe(0);
});

it("everything is deleted with its history", async () => {
  await using storage = await open(createMemoryStore());
  await withHistory(storage);
  await deleteEverything(storage, { signal: new AbortController().signal, tell: () => undefined });
  expect([await kept(storage, "gone"), await kept(storage, "here")]).toEqual([0, 0]);
});

it("in the cloud all is read again when the network and the session are there again, and only then", async () => {
  const standing = signal<Standing>("lasting");
  const project = { url: "https://a.supabase.co", key: "sb_publishable_a" };
  const account: Account = { email: "ann@example.com", project, standing, signOut: async () => undefined };
  const shown = await show(await open(createMemoryStore()), account);
  let readings = 0;
  shown.onChange((key) => {
    if (key === undefined) readings++;
  });
  network.is(false);
  standing.value = "ended";
  network.is(true);
  expect(readings).toBe(0);
  standing.value = "lasting";
  expect(readings).toBe(1);
  network.is(false);
  network.is(true);
  expect(readings).toBe(2);
});

it("a search that failed is told of, and made again", async () => {
  const storage = await open(createMemoryStore());
  await storage.save("notes/a", "here");
  const shown = await show(storage);
  await expect.poll(() => shown.overview.value?.items, { timeout: 5_000 }).toBe(1);
  vi.spyOn(storage, "search").mockRejectedValueOnce(new StorageError("UNAVAILABLE", "away"));
  shown.narrow({ text: "nowhere" });
  await expect.poll(() => shown.found.value, { timeout: 5_000 }).toEqual([]);
  expect(shown.notices.all.value.map(({ text }) => text)).toEqual(["Searching: away (UNAVAILABLE)"]);
});

it("this browser's store is read whole without a network too", async () => {
  network.is(false);
  const storage = await open(createMemoryStore());
  await storage.save("notes/a", "here");
  const shown = await show(storage);
  await expect.poll(() => shown.overview.value?.items, { timeout: 5_000 }).toBe(1);
  network.is(true);
});
