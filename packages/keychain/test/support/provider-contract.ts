import { type KeyProvider, keyringOf, type MasterKeys, masterKeyId, openStorage } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { describe, expect, it } from "vitest";

/** One place for keys; each call of `open` is another process, or another tab, that comes to it. */
export interface Place {
  open(): KeyProvider;
}

const ids = ({ keys }: MasterKeys) => keys.map(({ id }) => id).sort();

/** What every provider that can make keys has to do. `place` makes a new, empty one. */
export function keyProviderContract(name: string, place: () => Place | Promise<Place>): void {
  describe(`the contract of key providers: ${name}`, () => {
    it("makes a first key where there is none, and keeps it", async () => {
      const { open } = await place();
      const first = await open().load();
      expect(first.keys).toHaveLength(1);
      expect(first.active).toMatch(/^[0-9a-f]{16}$/);
      expect(ids(await open().load())).toEqual([first.active]);
    });

    it("tells ids that follow from the keys", async () => {
      const { open } = await place();
      await open().load();
      const added: MasterKeys | undefined = await open().add?.();
      const keys = added?.keys ?? [];
      for (const { id, material } of keys) expect(await masterKeyId(material)).toBe(id);
      expect(new Set(keys.map(({ id }) => id)).size).toBe(2);
    });

    it("adds keys beside the others and makes them active, for everybody", async () => {
      const { open } = await place();
      const [one, other] = [open(), open()];
      const first = await one.load();
      const second = (await one.add?.()) as MasterKeys;
      expect(second.active).not.toBe(first.active);
      expect(ids(second)).toEqual([first.active, second.active].sort());
      expect(ids(await other.load())).toEqual(ids(second));
      expect((await other.load()).active).toBe(second.active);
    });

    it("forgets keys that are not active, and no other", async () => {
      const { open } = await place();
      const provider = open();
      const first = await provider.load();
      await expect(provider.remove?.(first.active)).rejects.toMatchObject({ code: "INVALID_OPTION" });
      const second = (await provider.add?.()) as MasterKeys;
      expect(ids((await provider.remove?.(first.active)) as MasterKeys)).toEqual([second.active]);
      expect(ids((await provider.remove?.("0123456789abcdef")) as MasterKeys)).toEqual([second.active]);
    });

    it("gives several that come first at once keys that all of them find again", async () => {
      const { open } = await place();
      const found = await Promise.all([open().load(), open().load(), open().load()]);
      const later = ids(await open().load());
      for (const { active } of found) expect(later).toContain(active);
    });

    it("opens what another process has encrypted with it, through a rotation", async () => {
      const { open } = await place();
      const store = createMemoryStore();
      const storage = await openStorage(memory({ store }), { encryption: { keys: open(), metadata: true } });
      await storage.save("a", { secret: 1 }, { tags: ["t"] });
      const before = (await open().load()).active;
      expect(await keyringOf(storage).rotate()).toMatchObject({ ok: true, rewrapped: 1 });
      await keyringOf(storage).retire(before);
      const elsewhere = await openStorage(memory({ store }), { encryption: { keys: open() } });
      expect(await elsewhere.load("a")).toEqual({ secret: 1 });
      expect(await elsewhere.stat("a")).toMatchObject({ tags: ["t"], encrypted: true });
    });
  });
}
