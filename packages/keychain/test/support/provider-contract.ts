import { type KeyProvider, keyringOf, type MasterKeys, masterKeyId, openStorage } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { describe, expect, it } from "vitest";

/** One place for keys; each call of `open` is another process, or another tab, that comes to it. */
export interface Place {
  open(): KeyProvider;
  /** Where keys are set from outside: what sets them. The place has one to begin with. */
  readonly outside?: {
    /** Sets another key beside the others, as the active one. */
    add(): void | Promise<void>;
    /** Takes one away. */
    remove(id: string): void | Promise<void>;
  };
}

const ids = ({ keys }: MasterKeys) => keys.map(({ id }) => id).sort();

/** What every provider has to do. `place` makes a new one: empty, where the provider can make keys. */
export function keyProviderContract(name: string, place: () => Place | Promise<Place>): void {
  /** A new key, made by the provider or set from outside. */
  const add = async ({ outside }: Place, provider: KeyProvider): Promise<MasterKeys> => {
    await outside?.add();
    return outside === undefined ? defined(await provider.add?.()) : provider.load();
  };
  const remove = async ({ outside }: Place, provider: KeyProvider, id: string): Promise<MasterKeys> => {
    await outside?.remove(id);
    return outside === undefined ? defined(await provider.remove?.(id)) : provider.load();
  };

  describe(`the contract of key providers: ${name}`, () => {
    it("has one key where there is none yet, and keeps it", async () => {
      const { open } = await place();
      const first = await open().load();
      expect(first.keys).toHaveLength(1);
      expect(first.active).toMatch(/^[0-9a-f]{16}$/);
      expect(ids(await open().load())).toEqual([first.active]);
    });

    it("tells ids that follow from the keys", async () => {
      const here = await place();
      await here.open().load();
      const { keys } = await add(here, here.open());
      for (const { id, material } of keys) expect(await masterKeyId(material)).toBe(id);
      expect(new Set(keys.map(({ id }) => id)).size).toBe(2);
    });

    it("has added keys beside the others and makes them active, for everybody", async () => {
      const here = await place();
      const [one, other] = [here.open(), here.open()];
      const first = await one.load();
      const second = await add(here, one);
      expect(second.active).not.toBe(first.active);
      expect(ids(second)).toEqual([first.active, second.active].sort());
      expect(ids(await other.load())).toEqual(ids(second));
      expect((await other.load()).active).toBe(second.active);
    });

    it("forgets keys that are not active, and no other", async () => {
      const here = await place();
      const provider = here.open();
      const first = await provider.load();
      if (here.outside === undefined) {
        await expect(provider.remove?.(first.active)).rejects.toMatchObject({ code: "INVALID_OPTION" });
      }
      const second = await add(here, provider);
      expect(ids(await remove(here, provider, first.active))).toEqual([second.active]);
      expect(ids(await remove(here, provider, "0123456789abcdef"))).toEqual([second.active]);
    });

    it("offers to change keys unless they are set from outside, and then none of it", async () => {
      const { open, outside } = await place();
      const { add: adds, remove: removes } = open();
      expect([adds === undefined, removes === undefined]).toEqual([outside !== undefined, outside !== undefined]);
    });

    it("lets several that come first at once read one another, then and for ever, and is at one with itself afterwards", async () => {
      const { open } = await place();
      const store = createMemoryStore();
      const opened = () => openStorage(memory({ store }), { encryption: { keys: open() } });
      const first = await Promise.all([opened(), opened(), opened()]);
      for (const [index, storage] of first.entries()) await storage.save(`of ${index}`, index);
      const later = [await open().load(), await open().load()];
      expect(ids(defined(later[0]))).toEqual(ids(defined(later[1])));
      expect(later[0]?.active).toBe(later[1]?.active);
      for (const storage of [...first, await opened()]) {
        for (const index of first.keys()) expect(await storage.load(`of ${index}`)).toBe(index);
      }
    });

    it("opens what another process has encrypted with it, through a rotation", async () => {
      const here = await place();
      const store = createMemoryStore();
      const storage = await openStorage(memory({ store }), { encryption: { keys: here.open(), metadata: true } });
      await storage.save("a", { secret: 1 }, { tags: ["t"] });
      const before = (await here.open().load()).active;
      await here.outside?.add();
      const resume = here.outside !== undefined;
      expect(await keyringOf(storage).rotate({ resume })).toMatchObject({ ok: true, rewrapped: 1 });
      if (here.outside === undefined) await keyringOf(storage).retire(before);
      else await here.outside.remove(before);
      const elsewhere = await openStorage(memory({ store }), { encryption: { keys: here.open() } });
      expect(await elsewhere.load("a")).toEqual({ secret: 1 });
      expect(await elsewhere.stat("a")).toMatchObject({ tags: ["t"], encrypted: true });
    });
  });
}

function defined<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("there is none");
  return value;
}
