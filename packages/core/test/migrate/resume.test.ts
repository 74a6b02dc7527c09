import { createMigrator, type MigrateOptions, type MigrationReport, openStorage, storageJournal } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { FakeKeys } from "../support/fake-keys.js";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";
import { Fuse, fused, journalOf } from "./fuse.js";

const KILLS = 200;
const ITEMS = 60;
/** With one item in flight. */
const BATCH = 16;
const HISTORY = { history: { versions: 100 } };

interface World {
  source: RememberingAdapter;
  destination: RememberingAdapter;
  backup: MapAdapter;
  lines: string[];
  ports: FakePorts;
}

type Variant = Pick<MigrateOptions, "conflict" | "transform" | "history"> & { backedUp?: boolean };

const VARIANTS: readonly Variant[] = [
  {},
  { conflict: "skip" },
  { conflict: "overwrite", backedUp: true },
  { conflict: "newer", backedUp: true },
  { conflict: "keep-both" },
  { transform: ({ key, tags }) => (key.endsWith("7") ? null : { key: `new/${key}`, tags: [...tags, "moved"] }) },
  { history: true },
];

/** Ports are not shared: each storage makes versions of its own. */
async function createWorld(variant: Variant): Promise<World> {
  const ports = new FakePorts();
  const world: World = {
    source: new RememberingAdapter(),
    destination: new RememberingAdapter(),
    backup: new MapAdapter(),
    lines: [],
    ports,
  };
  await using from = await openStorage(world.source, { ports, ...HISTORY });
  for (let index = 0; index < ITEMS; index++) {
    const key = `k/${String(index).padStart(3, "0")}`;
    if (index % 4 === 0) await from.save(key, { earlier: index });
    ports.time++;
    await from.save(key, { index, text: "x".repeat(index) }, { tags: ["t"], metadata: { index } });
  }
  if (variant.conflict !== undefined) {
    await using to = await openStorage(world.destination, { ports });
    for (let index = 0; index < ITEMS; index += 5) {
      // Half of them newer than the source's.
      ports.time += index % 2 === 0 ? 1_000 : -1_000;
      await to.save(`k/${String(index).padStart(3, "0")}`, `the destination's ${index}`);
    }
  }
  ports.time += 10_000;
  return world;
}

async function migrate(world: World, { backedUp, ...options }: Variant, fuse: Fuse): Promise<MigrationReport> {
  const { ports } = world;
  const from = await openStorage(fused(world.source, fuse), { ports, ...HISTORY });
  const to = await openStorage(fused(world.destination, fuse), { ports, ...HISTORY });
  const backup = backedUp ? { backup: await openStorage(fused(world.backup, fuse), { ports }) } : {};
  const journal = journalOf(world.lines, fuse);
  return createMigrator(from, to).migrate({ ...options, ...backup, journal, concurrency: 1 });
}

/** What a reader finds, but for versions that were given anew. */
function contentOf(adapter: MapAdapter): unknown {
  const records = [...adapter.records].map(([key, { header, body }]) => {
    const { version: _version, ...rest } = header;
    return [key, rest, Buffer.from(body).toString()];
  });
  return records.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

function writesOf(adapter: MapAdapter): number {
  return adapter.calls.reduce((sum, call) => {
    const [, name, count] = /^(put|batch) (.*)$/.exec(call) ?? [];
    return sum + (name === "batch" ? Number(count) : name === "put" ? 1 : 0);
  }, 0);
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("a migration that was killed", () => {
  it(`goes on, at ${KILLS} random points: at most one batch is sent again, and the end is that of an uninterrupted run`, async () => {
    const seed = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
    const next = random(seed);
    const whole = await Promise.all(
      VARIANTS.map(async (variant) => {
        const world = await createWorld(variant);
        const before = writesOf(world.destination);
        const fuse = new Fuse();
        const report = await migrate(world, variant, fuse);
        return {
          report,
          calls: fuse.calls,
          writes: writesOf(world.destination) - before,
          content: contentOf(world.destination),
          backup: contentOf(world.backup),
          kept: world.destination.kept.size,
        };
      }),
    );
    for (let kill = 0; kill < KILLS; kill++) {
      const variant = VARIANTS[kill % VARIANTS.length] ?? {};
      const uninterrupted = whole[kill % VARIANTS.length];
      if (uninterrupted === undefined) throw new Error("a variant has its run");
      const world = await createWorld(variant);
      const before = writesOf(world.destination);
      const at = 1 + Math.floor(next() * uninterrupted.calls);
      const told = `seed ${seed}, kill ${kill} at call ${at} of ${uninterrupted.calls}`;
      await expect(migrate(world, variant, new Fuse(at, next() < 0.5)), told).rejects.toMatchObject({ code: "CLOSED" });
      world.ports.time += 60_000;
      const report = await migrate(world, variant, new Fuse());
      const { milliseconds: _, resumed: __, copied, unchanged, bytes: ___, backedUp: ____, ...counts } = report;
      expect({ ...counts, arrived: copied + unchanged }, told).toEqual({
        ok: uninterrupted.report.ok,
        dryRun: false,
        planned: uninterrupted.report.planned,
        skipped: uninterrupted.report.skipped,
        verified: uninterrupted.report.verified,
        changed: { saved: 0, deleted: 0, pending: false },
        conflicts: [],
        keptBoth: uninterrupted.report.keptBoth,
        failures: [],
        arrived: uninterrupted.report.copied + uninterrupted.report.unchanged,
      });
      expect(contentOf(world.destination), told).toEqual(uninterrupted.content);
      expect(contentOf(world.backup), told).toEqual(uninterrupted.backup);
      expect(world.destination.kept.size, told).toBe(uninterrupted.kept);
      expect(writesOf(world.destination) - before, told).toBeLessThanOrEqual(uninterrupted.writes + BATCH);
      expect(world.lines, told).toEqual([]);
    }
  });

  it("goes on behind the last batch, and says so", async () => {
    const world = await createWorld({});
    let batches = 0;
    const batch = world.destination.batch.bind(world.destination);
    const fuse = new Fuse();
    world.destination.batch = (...call) => {
      if (++batches === 3) fuse.burnt = true;
      return batch(...call);
    };
    await expect(migrate(world, {}, fuse)).rejects.toMatchObject({ code: "CLOSED" });
    world.source.calls.length = 0;
    const events: unknown[] = [];
    const from = await openStorage(world.source);
    const to = await openStorage(world.destination);
    const journal = journalOf(world.lines, new Fuse());
    const onEvent = (event: unknown) => void events.push(event);
    const report = await createMigrator(from, to).migrate({ journal, concurrency: 1, onEvent });
    // The third batch had arrived, and its line was not written.
    expect(report).toMatchObject({ ok: true, resumed: true, copied: ITEMS - BATCH, unchanged: BATCH, verified: ITEMS });
    expect(events).toEqual([{ type: "resumed", phase: "copy", items: 2 * BATCH }]);
    expect(world.source.calls.filter((call) => call.startsWith("get"))).toHaveLength(ITEMS - 3 * BATCH);
  });

  it("goes on also after it was killed again and again", async () => {
    const world = await createWorld({ conflict: "overwrite" });
    const whole = await createWorld({ conflict: "overwrite" });
    await migrate(whole, { conflict: "overwrite" }, new Fuse());
    let report: MigrationReport | undefined;
    let kills = 0;
    for (; report === undefined && kills < 100; kills++) {
      report = await migrate(world, { conflict: "overwrite" }, new Fuse(25)).catch(() => undefined);
    }
    expect(kills).toBeGreaterThan(5);
    expect(report).toMatchObject({ ok: true, resumed: true, verified: ITEMS });
    expect(contentOf(world.destination)).toEqual(contentOf(whole.destination));
  });

  it("goes on where it encrypts anew, and does not take its own work for somebody else's", async () => {
    const keys = [new FakeKeys(), new FakeKeys()];
    // Not the same key twice.
    await keys[1]?.add();
    const settings = keys.map((provider) => ({ encryption: { keys: provider } }));
    for (let at = 20, ended = false; !ended; at += 9) {
      const [source, destination, lines] = [new MapAdapter(), new MapAdapter(), [] as string[]];
      const first = await openStorage(source, settings[0]);
      for (let index = 0; index < 40; index++) await first.save(`k${index}`, index);
      const run = async (fuse: Fuse) =>
        createMigrator(
          await openStorage(fused(source, fuse), settings[0]),
          await openStorage(fused(destination, fuse), settings[1]),
        ).migrate({ reencrypt: true, concurrency: 1, journal: journalOf(lines, fuse) });
      const cut = new Fuse(at);
      await run(cut).catch(() => "killed");
      ended = !cut.burnt;
      expect(await run(new Fuse()), `killed at call ${at}`).toMatchObject({ ok: true, conflicts: [] });
      const to = await openStorage(destination, settings[1]);
      expect((await to.verify()).ok).toBe(true);
      for (let index = 0; index < 40; index += 13) expect(await to.load(`k${index}`)).toBe(index);
    }
  });

  it("ends as the source is by then, when that changed in between", async () => {
    for (const at of [30, 60, 90, 120]) {
      const world = await createWorld({});
      await migrate(world, {}, new Fuse(at)).catch(() => "killed");
      const from = await openStorage(world.source, { ports: world.ports });
      world.ports.time += 1_000;
      await from.save("k/000", "changed");
      await from.delete("k/001");
      await from.save("z", "new");
      const report = await migrate(world, {}, new Fuse());
      // What was in the batch that was cut off is not known to be ours.
      expect(
        report.conflicts.filter((key) => key !== "k/000"),
        `killed at ${at}`,
      ).toEqual([]);
      if (report.ok) expect(contentOf(world.destination)).toEqual(contentOf(world.source));
    }
  });
});

describe("a journal", () => {
  it("is refused by another migration, and left as it is", async () => {
    const world = await createWorld({});
    await migrate(world, {}, new Fuse(40)).catch(() => "killed");
    const lines = [...world.lines];
    expect(lines.length).toBeGreaterThan(1);
    const message = 'its conflict is "stop", not "skip"';
    await expect(migrate(world, { conflict: "skip" }, new Fuse())).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(message),
    });
    expect(world.lines).toEqual(lines);
  });

  it.each(["destination", "backup"] as const)("is refused where the %s was deleted and made anew", async (side) => {
    const variant = { conflict: "overwrite", backedUp: true } as const;
    const world = await createWorld(variant);
    const named = (epoch: string) =>
      Object.assign(side === "backup" ? new MapAdapter() : new RememberingAdapter(), {
        info: async () => ({ location: "./b.db", items: 0, bytes: 0, details: { epoch } }),
      });
    const before = Object.assign(world, { [side]: named("the first") })[side];
    await migrate(world, variant, new Fuse(90)).catch(() => "killed");
    const lines = [...world.lines];
    expect(lines.length).toBeGreaterThan(2);
    Object.assign(world, { [side]: named("another") });
    await expect(migrate(world, variant, new Fuse())).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringMatching(`the ${side} is not the one .*clear the journal`),
    });
    expect(world.lines).toEqual(lines);
    // Which one it is may not be told: a fallback stands in for it.
    Object.assign(before, { info: async () => ({ location: "./b.db", items: 0, bytes: 0, details: {} }) });
    Object.assign(world, { [side]: before });
    expect(await migrate(world, variant, new Fuse())).toMatchObject({ ok: true, resumed: true, verified: ITEMS });
  });

  it.each([
    ["a line that is no JSON", (lines: string[]) => lines.splice(1, 1, "{"), "CORRUPT"],
    ["a line of something else", (lines: string[]) => lines.push("[]"), "CORRUPT"],
    ["a first line of something else", (lines: string[]) => lines.shift(), "CORRUPT"],
    [
      "fingerprints that are none",
      (lines: string[]) => lines.push((lines.at(-1) ?? "").replace(/"settled":"[^"]*"/, '"settled":"x"')),
      "CORRUPT",
    ],
    [
      "a later layout",
      (lines: string[]) => lines.splice(0, 1, (lines[0] ?? "").replace('"journal":1', '"journal":2')),
      "UNSUPPORTED",
    ],
  ] as const)("is refused with %s", async (_name, spoil, code) => {
    const world = await createWorld({});
    await migrate(world, {}, new Fuse(60)).catch(() => "killed");
    spoil(world.lines);
    await expect(migrate(world, {}, new Fuse())).rejects.toMatchObject({ code });
  });

  it("lets an error of its own out as it is", async () => {
    const from = await openStorage(new MapAdapter());
    const to = await openStorage(new MapAdapter());
    const own = new Error("the disk is full");
    const journal = { ...journalOf([], new Fuse()), append: () => Promise.reject(own) };
    await expect(createMigrator(from, to).migrate({ journal })).rejects.toBe(own);
  });

  it("can be kept in a storage", async () => {
    const world = await createWorld({});
    const third = await openStorage(new MapAdapter());
    const journal = storageJournal(third.namespace("migration"));
    const open = async (fuse: Fuse) => ({
      from: await openStorage(fused(world.source, fuse)),
      to: await openStorage(fused(world.destination, fuse)),
    });
    const first = await open(new Fuse(60));
    await expect(createMigrator(first.from, first.to).migrate({ journal, concurrency: 1 })).rejects.toMatchObject({
      code: "CLOSED",
    });
    expect((await third.list("migration/")).length).toBeGreaterThan(1);
    const { from, to } = await open(new Fuse());
    const again = storageJournal(third.namespace("migration"));
    expect(await createMigrator(from, to).migrate({ journal: again, concurrency: 1 })).toMatchObject({
      ok: true,
      resumed: true,
    });
    expect(await third.list()).toEqual([]);
  });

  it("is not kept where other things are", async () => {
    const world = await createWorld({});
    const third = await openStorage(new MapAdapter());
    await third.save("settings", {});
    const from = await openStorage(world.source);
    const to = await openStorage(world.destination);
    const journal = storageJournal(third);
    await expect(createMigrator(from, to).migrate({ journal })).rejects.toMatchObject({ code: "INVALID_OPTION" });
    expect(await third.load("settings")).toEqual({});
  });
});
