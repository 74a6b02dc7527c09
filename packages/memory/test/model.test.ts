import { type BatchOperation, type Change, openStorage, type StorageEngine } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

const KEYS = ["a", "b", "n/a"] as const;
const seed = process.env["HOLDFAST_SEED"];
const runs = { numRuns: 300, ...(seed === undefined ? {} : { seed: Number(seed) }) };

type Key = (typeof KEYS)[number];
type Write = { type: "save"; key: Key; lives: number | undefined } | { type: "delete"; key: Key };
type Command =
  | (Write & { by: number })
  | { type: "batch"; writes: Write[]; by: number }
  | { type: "restore"; key: Key; which: number; by: number }
  | { type: "sweep"; by: number }
  | { type: "wait"; milliseconds: number };

const key = fc.constantFrom(...KEYS);
const by = fc.nat(1);
const lives = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined, freq: 2 });
const save = fc.record({ type: fc.constant("save" as const), key, lives });
const deletion = fc.record({ type: fc.constant("delete" as const), key });
const write = fc.oneof({ weight: 3, arbitrary: save }, { weight: 1, arbitrary: deletion });
const commands: fc.Arbitrary<Command[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(write, by).map(([each, who]) => ({ ...each, by: who })) },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant("batch" as const),
        writes: fc.uniqueArray(write, { selector: (each) => each.key, minLength: 1 }),
        by,
      }),
    },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("restore" as const), key, which: fc.nat(3), by }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("sweep" as const), by }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant("wait" as const), milliseconds: fc.integer({ min: 1, max: 20 }) }),
    },
  ),
  { maxLength: 40 },
);

interface Item {
  readonly version: string;
  readonly value: number;
  readonly expiration: number | undefined;
}

/** What a store remembers, as simply as it can be said. */
class Model {
  now = Date.UTC(2026, 0, 1);
  readonly standing = new Map<Key, Item>();
  /** Newest first. */
  readonly kept = new Map<Key, (Item & { replaced: number })[]>();
  readonly feed: { type: "save" | "delete"; key: Key; version: string | undefined }[] = [];

  constructor(
    readonly versions: number,
    readonly age: number | undefined,
  ) {}

  living(of: Key): Item | undefined {
    const item = this.standing.get(of);
    return item !== undefined && this.#lives(item) ? item : undefined;
  }

  previous(of: Key): (Item & { replaced: number })[] {
    return (this.kept.get(of) ?? []).filter((item) => this.#lives(item));
  }

  save(of: Key, item: Item): void {
    this.#replace(of);
    this.standing.set(of, item);
    this.feed.push({ type: "save", key: of, version: item.version });
  }

  delete(of: Key): boolean {
    if (this.living(of) === undefined) return false;
    this.#replace(of);
    this.standing.delete(of);
    this.feed.push({ type: "delete", key: of, version: undefined });
    return true;
  }

  sweep(): number {
    const expired = KEYS.filter((of) => this.standing.has(of) && this.living(of) === undefined);
    for (const of of expired) {
      this.standing.delete(of);
      this.feed.push({ type: "delete", key: of, version: undefined });
    }
    for (const of of KEYS) {
      const { age } = this;
      const stays = this.previous(of).filter(({ replaced }) =>
        age === undefined ? this.standing.has(of) : this.now - replaced <= age,
      );
      this.kept.set(of, stays);
    }
    return expired.length;
  }

  #replace(of: Key): void {
    const item = this.living(of);
    if (item === undefined) return;
    const kept = [{ ...item, replaced: this.now }, ...(this.kept.get(of) ?? [])];
    this.kept.set(of, kept.slice(0, this.versions));
  }

  #lives({ expiration }: Item): boolean {
    return expiration === undefined || expiration > this.now;
  }
}

describe("any writes by two storages on one store", () => {
  const limits = fc.record({
    versions: fc.integer({ min: 1, max: 4 }),
    age: fc.option(fc.integer({ min: 1, max: 30 }), { nil: undefined }),
  });

  it("are remembered in the feed once each, in order, from any cursor on, and in the history as its limits say", async () => {
    await fc.assert(
      fc.asyncProperty(commands, limits, async (given, { versions, age }) => {
        const model = new Model(versions, age);
        const store = createMemoryStore();
        const settings = { history: { versions, age }, ports: { clock: { now: () => model.now } } };
        const storages = [
          await openStorage(memory({ store }), settings),
          await openStorage(memory({ store }), settings),
        ];
        const watched: Change[] = [];
        await storages[0]?.watch("", (change) => watched.push(change));
        const { cursor: beginning } = await (storages[0] as StorageEngine).getInfo();
        for (const [value, command] of given.entries()) {
          if (command.type === "wait") model.now += command.milliseconds;
          else await run(storages[command.by] as StorageEngine, model, command, value);
          for (const storage of storages) await expectHistory(storage, model);
        }
        for (const storage of storages) await expectFeed(storage, model, beginning, watched);
      }),
      runs,
    );
  });
});

async function run(
  storage: StorageEngine,
  model: Model,
  command: Exclude<Command, { type: "wait" }>,
  value: number,
): Promise<void> {
  const expirationOf = (each: Write) =>
    each.type === "save" && each.lives !== undefined ? model.now + each.lives : undefined;
  const optionsOf = (expiration: number | undefined) =>
    expiration === undefined ? {} : { expiration: new Date(expiration) };
  switch (command.type) {
    case "save": {
      const expiration = expirationOf(command);
      const { version } = await storage.save(command.key, value, optionsOf(expiration));
      model.save(command.key, { version, value, expiration });
      return;
    }
    case "delete":
      expect(await storage.delete(command.key)).toBe(model.delete(command.key));
      return;
    case "batch": {
      const operations = command.writes.map((each): BatchOperation => {
        if (each.type === "delete") return each;
        return { type: "save", key: each.key, data: value, options: optionsOf(expirationOf(each)) };
      });
      const results = await storage.batch(operations);
      for (const [index, each] of command.writes.entries()) {
        const result = results[index];
        if (each.type === "delete") expect(result).toBe(model.delete(each.key));
        else if (typeof result === "object") {
          model.save(each.key, { version: result.version, value, expiration: expirationOf(each) });
        } else expect(result).toBeTypeOf("object");
      }
      return;
    }
    case "restore": {
      const wanted = model.previous(command.key)[command.which];
      if (wanted === undefined) return;
      const { version } = await storage.restore(command.key, wanted.version);
      model.save(command.key, { ...wanted, version });
      return;
    }
    case "sweep":
      expect(await storage.sweep()).toBe(model.sweep());
  }
}

async function expectHistory(storage: StorageEngine, model: Model): Promise<void> {
  for (const of of KEYS) {
    expect(await storage.load(of)).toBe(model.living(of)?.value);
    const history = await storage.history(of);
    const previous = model.previous(of);
    expect(history.map(({ version, replaced }) => [version, replaced.getTime()])).toEqual(
      previous.map(({ version, replaced }) => [version, replaced]),
    );
    for (const { version, value } of previous) expect(await storage.load(of, { version })).toBe(value);
  }
}

async function expectFeed(
  storage: StorageEngine,
  model: Model,
  beginning: string | undefined,
  watched: readonly Change[],
): Promise<void> {
  const entries = await read(storage, undefined);
  expect(entries).toMatchObject(
    model.feed.map(({ version, ...entry }) => (version === undefined ? entry : { ...entry, version })),
  );
  expect(entries).toHaveLength(model.feed.length);
  expect(await read(storage, beginning)).toEqual(entries);
  for (const [index, { cursor }] of entries.entries()) {
    expect(await read(storage, cursor)).toEqual(entries.slice(index + 1));
  }
  const withoutOrigin = ({ origin: _, ...change }: Change) => change;
  expect(watched.map(withoutOrigin)).toEqual(entries.map(withoutOrigin));
  for (const of of KEYS) {
    const versions = entries.filter((entry) => entry.key === of).map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].sort());
  }
}

async function read(storage: StorageEngine, since: string | undefined): Promise<Change[]> {
  const changes: Change[] = [];
  for await (const change of storage.changes(since)) changes.push(change);
  return changes;
}
