import { type KeyProvider, keyringOf, type MasterKey, type MasterKeys, masterKeyId, openStorage } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Outage } from "./support/outage.ts";

const keys: KeyProvider = {
  name: "fixed",
  async load() {
    const material = new Uint8Array(32).fill(7);
    const id = await masterKeyId(material);
    return { active: id, keys: [{ id, material }] };
  },
};
const settings = { encryption: { keys, metadata: true } };

// What makes a record anew comes with its first use, and loading takes time that no simulated minute waits for.
beforeAll(async () => {
  await using storage = await openStorage(memory(), settings);
  await keyringOf(storage).keys();
});

let at: Outage;
beforeEach(async () => {
  at = await Outage.begin({}, settings);
});
afterEach(() => at.close());

const others = () => openStorage(memory({ store: at.remote }), { ...settings, ports: at.ports });

describe("with encryption", () => {
  it("keeps both versions readable where somebody else has written, each under its own key", async () => {
    await at.storage.save("a", 1);
    await at.storage.save("b", 1);
    at.lose();
    await at.settled(at.storage.save("a", "ours", { tags: ["ours"] }));
    await at.storage.save("b", 2);
    expect(await at.storage.load("a")).toBe("ours");
    await using other = await others();
    await other.save("a", "theirs");
    await at.comeBack();
    const { keptAs } = at.events.find((event) => event.type === "conflict") ?? {};
    expect(await other.load("a")).toBe("theirs");
    expect(await other.load(keptAs ?? "")).toBe("ours");
    expect(await other.stat(keptAs ?? "")).toMatchObject({ encrypted: true, tags: ["ours"] });
    expect(await other.load("b")).toBe(2);
    expect((await other.verify()).problems).toEqual([]);
  });

  it("hands over readable what gets a greater version on its way", async () => {
    await at.storage.save("a", 1);
    at.lose();
    await at.settled(at.storage.save("a", 2));
    await at.ports.advance(1_000);
    await using other = await others();
    // A deletion that is later than what waits: the version that it had is taken by now.
    await other.delete("a");
    await at.comeBack();
    expect(await other.load("a")).toBe(2);
    expect((await other.verify()).problems).toEqual([]);
    expect((await at.storage.getInfo()).details).toMatchObject({ mode: "primary", waiting: 0 });
  });

  it("changes master keys in the primary alone, and leaves no copy under the former one", async () => {
    const ring = new Map<number, MasterKey>();
    const provider: KeyProvider = {
      name: "ring",
      async load() {
        if (ring.size === 0) return this.add?.() as Promise<MasterKeys>;
        const all = [...ring.values()].reverse();
        return { active: all[0]?.id ?? "", keys: all };
      },
      async add() {
        const material = new Uint8Array(32).fill(ring.size + 1);
        ring.set(ring.size, { id: await masterKeyId(material), material });
        return this.load();
      },
    };
    await at.close();
    at = await Outage.begin({}, { encryption: { keys: provider } });
    await at.storage.save("a", 1);
    expect(await at.settled(keyringOf(at.storage).rotate())).toMatchObject({ ok: true, rewrapped: 1 });
    expect(await keyringOf(at.storage).keys()).toMatchObject([{ active: true, items: 1 }, { items: 0 }]);
    const held = await memory({ store: at.local }).stat("a", { now: 0, signal: undefined });
    expect(held).toBeUndefined();
    at.lose();
    await expect(at.settled(keyringOf(at.storage).rotate())).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});
