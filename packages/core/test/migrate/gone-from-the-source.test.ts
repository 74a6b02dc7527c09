import { createMigrator, type MigrateOptions, openStorage, type StorageEngine, type Transform } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FakePorts } from "../support/fake-ports.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";
import { Fuse, fused, journalOf } from "./fuse.js";

interface World {
  from: StorageEngine;
  to: StorageEngine;
  source: RememberingAdapter;
  destination: RememberingAdapter;
}

async function createWorld(): Promise<World> {
  const [source, destination] = [new RememberingAdapter(), new RememberingAdapter()];
  return { source, destination, from: await openStorage(source), to: await openStorage(destination) };
}

/** When all was copied, and nothing has been caught up with. */
function onceCopied({ source }: World, work: () => Promise<unknown>): void {
  const lastCursor = source.lastCursor.bind(source);
  let calls = 0;
  source.lastCursor = async (...call) => {
    // The first is before the plan.
    if (++calls === 2) await work();
    return lastCursor(...call);
  };
}

const keysOf = async (storage: StorageEngine) => (await storage.list()).map(({ key }) => key);
const ROOM: Transform = ({ key, tags }) => (tags.includes("secret") ? null : { key: `${tags[0] ?? "none"}/${key}` });

const WAYS: [string, boolean][] = [
  ["by the feed", false],
  ["by looking at everything once more", true],
];

describe.each(WAYS)("what is gone from the source meanwhile, told %s", (_name, forgets) => {
  async function migrate(world: World, change: () => Promise<unknown>, options: MigrateOptions) {
    onceCopied(world, async () => {
      await change();
      if (forgets) world.source.forgotten = world.source.entries.length;
    });
    const events: string[] = [];
    const onEvent: MigrateOptions["onEvent"] = (event) => {
      if (event.type === "source-changed" && event.change === "delete") events.push(event.key);
    };
    return { report: await createMigrator(world.from, world.to).migrate({ ...options, onEvent }), events };
  }

  it("is deleted in the destination, and nothing else is", async () => {
    const world = await createWorld();
    const { from, to } = world;
    for (const key of ["a", "b", "equal"]) await from.save(key, key);
    await createMigrator(from, to).migrate({ prefix: "equal" });
    for (const key of ["foreign", "z"]) await to.save(key, "the destination's own");
    const change = async () => {
      for (const key of ["a", "equal"]) await from.delete(key);
    };
    const { report, events } = await migrate(world, change, {});
    expect(report).toMatchObject({ ok: true, changed: { deleted: 1, pending: false } });
    expect(events).toEqual(["a"]);
    expect(await keysOf(to)).toEqual(["b", "equal", "foreign", "z"]);
  });

  it("is deleted also where it was put beside another", async () => {
    const world = await createWorld();
    const { from, to } = world;
    for (const key of ["a", "b"]) {
      await from.save(key, "source");
      await to.save(key, "destination");
    }
    const { report, events } = await migrate(world, () => from.delete("a"), { conflict: "keep-both" });
    expect(report).toMatchObject({ ok: true, changed: { deleted: 1 } });
    expect(events).toEqual(["a"]);
    expect(await keysOf(to)).toEqual(["a", "b", "b~migrated"]);
  });

  it("is deleted where the filter lets it through no more", async () => {
    const world = await createWorld();
    const { from, to } = world;
    for (const key of ["a", "b"]) await from.save(key, key, { tags: ["public"] });
    const change = () => from.save("a", "now private");
    const { report } = await migrate(world, change, { filter: ({ tags }) => tags.includes("public") });
    expect(report).toMatchObject({ ok: true, changed: { deleted: 1 } });
    expect(await keysOf(to)).toEqual(["b"]);
  });

  it("is deleted wherever a transform had put it", async () => {
    const world = await createWorld();
    const { from, to } = world;
    for (const key of ["deleted", "moved", "hidden", "same", "stays"]) await from.save(key, key, { tags: ["old"] });
    await to.save("old/z", "the destination's own");
    const change = async () => {
      await from.delete("deleted");
      await from.save("moved", "moved", { tags: ["new"] });
      await from.save("hidden", "hidden", { tags: ["secret"] });
      await from.save("same", "changed", { tags: ["old"] });
    };
    const { report } = await migrate(world, change, { transform: ROOM });
    expect(report).toMatchObject({ ok: true, failures: [], changed: { saved: 2, deleted: 3, pending: false } });
    expect(await keysOf(to)).toEqual(["new/moved", "old/same", "old/stays", "old/z"]);
    expect(await to.load("old/same")).toBe("changed");
  });

  it("is deleted where it was also when its new place is taken", async () => {
    for (const conflict of ["skip", "keep-both"] as const) {
      const world = await createWorld();
      const { from, to } = world;
      await from.save("moved", "source", { tags: ["old"] });
      await to.save("new/moved", "the destination's own");
      const change = () => from.save("moved", "source", { tags: ["new"] });
      const { report } = await migrate(world, change, { transform: ROOM, conflict });
      expect(report).toMatchObject({ ok: true, changed: { deleted: 1 } });
      expect(await keysOf(to)).toEqual(conflict === "skip" ? ["new/moved"] : ["new/moved", "new/moved~migrated"]);
      expect(await to.load("new/moved")).toBe("the destination's own");
    }
  });
});

describe("a source that is looked at once more", () => {
  it("leaves all that may still be there when an item fails, and says so", async () => {
    const world = await createWorld();
    const { from, to, source } = world;
    for (const key of ["a", "b", "c"]) await from.save(key, key);
    onceCopied(world, async () => {
      await from.delete("a");
      await from.save("b", "changed");
      source.records.get("b")?.body.fill(0);
      source.forgotten = source.entries.length;
    });
    const report = await createMigrator(from, to).migrate();
    expect(report).toMatchObject({ ok: false, failures: [{ key: "b", code: "CORRUPT" }], changed: { pending: true } });
    expect(await keysOf(to)).toEqual(["a", "b", "c"]);
  });

  it("is looked at from the start when that was cut off, wherever it was", async () => {
    const ITEMS = 40;
    let anew = 0;
    for (let at = 1, ended = false; !ended; at += 2) {
      const world = await createWorld();
      const { source, destination, from } = world;
      for (let index = 0; index < ITEMS; index++) await from.save(`k${String(index).padStart(2, "0")}`, index);
      const lines: string[] = [];
      const run = async (fuse: Fuse) => {
        const ports = new FakePorts();
        ports.time = Date.now();
        const first = await openStorage(fused(source, fuse), { ports });
        const second = await openStorage(fused(destination, fuse), { ports });
        return createMigrator(first, second).migrate({ concurrency: 1, journal: journalOf(lines, fuse) });
      };
      onceCopied(world, async () => {
        for (let index = 0; index < ITEMS; index += 3) await from.save(`k${String(index).padStart(2, "0")}`, "changed");
        for (let index = 1; index < ITEMS; index += 3) await from.delete(`k${String(index).padStart(2, "0")}`);
        source.forgotten = source.entries.length;
      });
      // Counted from the change on.
      const fuse = new Fuse();
      const { guard } = Fuse.prototype;
      let left = at;
      fuse.guard = async (work) => {
        if (source.forgotten > 0 && left-- === 0) fuse.burnt = true;
        return guard.call(fuse, work) as never;
      };
      const cut = await run(fuse).catch(() => undefined);
      ended = cut !== undefined;
      if (lines.some((line) => line.includes('"anew":true'))) anew++;
      const report = await run(new Fuse());
      const told = `cut off ${at} calls after the change`;
      expect({ conflicts: report.conflicts, failures: report.failures, pending: report.changed.pending }, told).toEqual(
        {
          conflicts: [],
          failures: [],
          pending: false,
        },
      );
      expect(report.ok, told).toBe(true);
      expect([...destination.records.keys()].sort(), told).toEqual([...source.records.keys()].sort());
    }
    expect(anew).toBeGreaterThan(5);
  });
});
