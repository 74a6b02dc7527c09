// Collections under faults, interruptions and old code at work beside new code. Here, since core's own tests have no faulty adapter.
import { type Fault, faulty, Simulation } from "@holdfast/conformance";
import { openStorage, type SchemaMigration, type StorageEngine, StorageError } from "@holdfast/core";
import { createMemoryStore, type MemoryStore, memory } from "@holdfast/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";

const seed = process.env["HOLDFAST_SEED"];
/** A failure prints the seed that repeats it. */
const runs = (numRuns: number) => ({ numRuns, ...(seed === undefined ? {} : { seed: Number(seed) }) });

describe("whatever versions are mixed, and wherever it is interrupted", () => {
  /** Called as each step begins: where a run may be stopped. */
  let onStep = (): void => undefined;
  /** Each step changes the number in a way of its own: one that is taken twice, left out or out of turn shows. */
  const versions = ["0.9", "1.0", "1.2", "2.0"] as const;
  const steps = [(n: number) => 3 * n + 1, (n: number) => 5 * n + 2, (n: number) => 7 * n + 3];
  const migrations: SchemaMigration[] = steps.map((change, place) => ({
    from: versions[place] ?? "",
    to: versions[place + 1] ?? "",
    up: ({ n }: { n: number }) => {
      onStep();
      return { n: change(n), at: versions[place + 1] };
    },
  }));
  // A shorter way to the same.
  migrations.push({
    from: "1.0",
    to: "2.0",
    up: ({ n }: { n: number }) => ({ n: [1, 2].reduce((sum, place) => steps[place]?.(sum) ?? sum, n), at: "2.0" }),
  });
  const schema = z.object({ n: z.number(), at: z.literal("2.0") });

  const things = (storage: StorageEngine) =>
    storage.collection("things", { schema, version: "2.0", migrations, index: ["n"] });

  const item = fc.record({ version: fc.nat(versions.length - 1), n: fc.nat(9), indexed: fc.boolean() });
  const fault: fc.Arbitrary<Fault> = fc.record({
    method: fc.constantFrom("get" as const, "put" as const, "list" as const),
    fault: fc.constantFrom("before" as const, "after" as const, "duplicate" as const),
    call: fc.integer({ min: 1, max: 20 }),
  });
  type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;
  /** One run of the new code, which ends at a fault or at its signal, whichever comes first. */
  const attempt = fc.record({
    faults: fc.array(fault, { maxLength: 4 }),
    stopAfter: fc.option(fc.nat(20), { nil: undefined }),
    reads: fc.array(fc.nat(11), { maxLength: 4 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
  });
  type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

  async function fill(store: MemoryStore, items: readonly Item[]): Promise<void> {
    const storage = await openStorage(memory({ store }));
    for (const [place, { version, n, indexed }] of items.entries()) {
      const about = { schema: z.any(), version: versions[version] ?? "", index: indexed ? ["n"] : [] };
      await storage.collection("things", about).save(`k${place}`, { n, at: versions[version] });
    }
    await storage.close();
  }

  async function run(store: MemoryStore, { faults, stopAfter, reads, concurrency }: Attempt): Promise<void> {
    const storage = await openStorage(faulty(memory({ store }), { faults, seed: 1 }), { retry: false });
    const controller = new AbortController();
    const { signal } = controller;
    let begun = 0;
    onStep = () => {
      if (begun++ === stopAfter) controller.abort();
    };
    const all = things(storage);
    const outcomes = await Promise.allSettled([
      all.migrateAll({ signal, concurrency }),
      all.search({ where: { n: { gte: 0 } }, signal }),
      ...reads.map((place) => all.load(`k${place}`, { signal })),
    ]);
    await storage.close();
    onStep = () => undefined;
    for (const outcome of outcomes) {
      if (outcome.status === "fulfilled") continue;
      expect(["ABORTED", "UNAVAILABLE"]).toContain((outcome.reason as StorageError).code);
    }
  }

  it("ends the same", async () => {
    const mixes = fc.array(item, { minLength: 1, maxLength: 12 });
    const property = fc.asyncProperty(mixes, fc.array(attempt, { maxLength: 4 }), async (items, attempts) => {
      const store = createMemoryStore();
      await fill(store, items);
      for (const each of attempts) await run(store, each);
      const storage = await openStorage(memory({ store }));
      const all = things(storage);
      expect(await all.migrateAll()).toMatchObject({ ok: true, items: items.length, remaining: 0 });
      expect(await all.migrateAll()).toMatchObject({ migrated: 0, unchanged: items.length });
      for (const [place, { version, n }] of items.entries()) {
        const expected = steps.slice(version).reduce((sum, change) => change(sum), n);
        expect(await storage.load(`things/k${place}`)).toEqual({ n: expected, at: "2.0" });
        expect((await all.search({ where: { n: expected } })).map(({ key }) => key)).toContain(`k${place}`);
      }
      await storage.close();
    });
    await fc.assert(property, runs(150));
  });
});

describe("old and new code at once", () => {
  const Old = z.strictObject({ count: z.number() });
  const New = z.strictObject({ total: z.number(), unit: z.string() });
  const up = ({ count }: z.infer<typeof Old>) => ({ total: count, unit: "pcs" });
  const down = ({ total }: z.infer<typeof New>) => ({ count: total });

  /** What one client does with one of a few counters: how many times it counted. */
  type Work = (storage: StorageEngine, id: string) => Promise<number>;

  const oldCode =
    (migrations: SchemaMigration[]): Work =>
    async (storage, id) => {
      const counters = storage.collection("counters", { schema: Old, version: "1.0", migrations });
      try {
        await counters.load(id);
        await counters.update(id, (now) => ({ count: (now?.count ?? 0) + 1 }));
        return 1;
      } catch (error) {
        // New data, which this code cannot know.
        if (StorageError.is(error, "SCHEMA") && error.message.includes("newer than the code")) return 0;
        throw error;
      }
    };

  const newCounters = (storage: StorageEngine) =>
    storage.collection("counters", {
      schema: New,
      version: "2.0",
      migrations: [{ from: "1.0", to: "2.0", up }],
      index: ["total"],
    });

  const newCode: Work = async (storage, id) => {
    const counters = newCounters(storage);
    await counters.load(id);
    await counters.update(id, (now) => ({ total: (now?.total ?? 0) + 1, unit: now?.unit ?? "pcs" }));
    await counters.search({ where: { total: { gt: 0 } } });
    await counters.migrateAll();
    return 1;
  };

  it.each<[string, SchemaMigration[]]>([
    ["refuses new data", []],
    ["brings new data down", [{ from: "1.0", to: "2.0", up, down }]],
  ])("loses no work, where the old code %s", async (_, migrations) => {
    const ids = ["a", "b"];
    const client = fc.record({ isNew: fc.boolean(), ids: fc.array(fc.constantFrom(...ids), { maxLength: 4 }) });
    const property = fc.asyncProperty(
      fc.nat(),
      fc.array(client, { minLength: 2, maxLength: 4 }),
      async (turns, clients) => {
        const store = createMemoryStore();
        const simulation = new Simulation({ seed: turns });
        const { ports } = simulation;
        const counted: Record<string, number> = {};
        await simulation.run(async () => {
          const work = clients.map(async ({ isNew, ids: mine }) => {
            const storage = await openStorage(simulation.adapter(memory({ store })), { ports });
            for (const id of mine) {
              const times = await (isNew ? newCode : oldCode(migrations))(storage, id);
              counted[id] = (counted[id] ?? 0) + times;
            }
          });
          await Promise.all(work);
        });
        // The last old code has stopped.
        const storage = await openStorage(memory({ store }));
        const counters = newCounters(storage);
        expect(await counters.migrateAll()).toMatchObject({ ok: true });
        const { items, current } = await counters.status();
        expect(current).toBe(items);
        for (const id of ids) {
          const found = await counters.load(id);
          expect(found?.total ?? 0).toBe(counted[id] ?? 0);
          if (found !== undefined) {
            expect((await counters.search({ where: { total: found.total } })).map(({ key }) => key)).toContain(id);
          }
        }
        await storage.close();
      },
    );
    await fc.assert(property, runs(20));
  });
});

describe("previous versions", () => {
  it("are read as what they are once upgraded, and restored as they were", async () => {
    const storage = await openStorage(memory(), { history: { versions: 5 } });
    const V1 = z.object({ text: z.string() });
    const V2 = z.object({ title: z.string() });
    const old = storage.collection("notes", { schema: V1, version: "1.0" });
    const first = await old.save("a", { text: "one" });
    const notes = storage.collection("notes", {
      schema: V2,
      version: "2.0",
      migrations: [{ from: "1.0", to: "2.0", up: ({ text }: z.infer<typeof V1>) => ({ title: text }) }],
      index: ["title"],
    });
    await notes.save("a", { title: "two" });
    const before = await notes.stat("a");
    expect(await notes.load("a", { version: first.version })).toEqual({ title: "one" });
    expect(await notes.stat("a")).toEqual(before);
    expect(await notes.history("a")).toMatchObject([{ version: first.version, schema: "notes@1.0" }]);
    await notes.restore("a", first.version);
    expect(await storage.load("notes/a")).toEqual({ text: "one" });
    expect(await notes.search({ where: { title: "one" } })).toMatchObject([{ key: "a", data: { title: "one" } }]);
    // Two saves, one that restored, and what the search wrote back.
    const changes: string[] = [];
    for await (const { type, key } of notes.changes()) changes.push(`${type} ${key}`);
    expect(changes).toEqual(["save a", "save a", "save a", "save a"]);
    await storage.close();
  });

  it("are not driven out by reading, where releases at work at once index other paths", async () => {
    const storage = await openStorage(memory(), { history: { versions: 5 } });
    const schema = z.object({ title: z.string(), due: z.number() });
    const opened = (index: ("title" | "due")[]) => storage.collection("notes", { schema, version: "1", index });
    const [before, after] = [opened(["title"]), opened(["title", "due"])];
    await before.save("a", { title: "one", due: 1 });
    await before.save("a", { title: "two", due: 2 });
    const [standing, history] = [await storage.stat("notes/a"), await before.history("a")];
    expect(history).toHaveLength(1);
    for (let turn = 0; turn < 5; turn++) {
      for (const notes of [before, after]) expect(await notes.load("a")).toEqual({ title: "two", due: 2 });
      expect(await after.search({ where: { due: 2 } })).toMatchObject([{ key: "a" }]);
    }
    expect(await storage.stat("notes/a")).toEqual(standing);
    expect(await before.history("a")).toEqual(history);
    await storage.close();
  });
});
