import { compareKeys, type StorageEngine, StorageError, type StorageItem, type StorageSettings } from "@holdfast/core";
import { equal, ok } from "../assert.js";
import { collect, inPieces, keysOf } from "../collect.js";
import type { Context } from "../context.js";
import { type Command, modelKeys, type SingleClient } from "./commands.js";
import { type Keeping, Model, type ModelItem } from "./model.js";

/** Few, so that versions make way. */
const VERSIONS = 2;

/** Makes every step on the storage and on the model, and compares what they answer. */
export async function runCommands(context: Context, name: string, { steps, age }: SingleClient): Promise<void> {
  const run = new SingleRun(context, name, { versions: VERSIONS, age });
  await run.reopen();
  for (const command of steps) await run.step(command);
  await run.compareAll();
}

class SingleRun {
  readonly #context: Context;
  readonly #name: string;
  readonly #model: Model;
  readonly #settings: StorageSettings;
  #storage: StorageEngine | undefined;
  /** Where the feed was read to, and how many of the model's writes came before. */
  #place: { cursor: string | undefined; told: number } | undefined;

  constructor(context: Context, name: string, keeping: Keeping) {
    this.#context = context;
    this.#name = name;
    this.#model = new Model(keeping);
    this.#settings = context.capabilities.history === "native" ? { history: keeping } : {};
  }

  /** Everything else that the case opened is closed as well. */
  async reopen(): Promise<void> {
    this.#storage = (await this.#context.reopen({ settings: this.#settings })).namespace(this.#name);
    this.#place ??= { cursor: (await this.#storage.getInfo()).cursor, told: 0 };
  }

  async step(command: Command): Promise<void> {
    const { clock } = this.#context;
    const now = clock.now();
    const [storage, model] = [this.#opened, this.#model];
    model.nextStep();
    switch (command.do) {
      case "save":
        return this.#save(command, now);
      case "update": {
        const before = model.find(command.key, now);
        const change = (current: unknown) => {
          equal(plain(current), before?.value, "what update hands over");
          return command.value;
        };
        // What stands may be bytes, whose format an update would keep.
        const item = await storage.update<unknown>(command.key, change, { format: "json" });
        ok(item !== undefined, "update answers an item");
        return this.#saved(
          item,
          { value: command.value, tagged: before?.tagged ?? false, expires: before?.expires },
          now,
        );
      }
      case "delete": {
        const ifVersion =
          model.versionFor(command.only === "absent" ? "any" : command.only, command.key, now) ?? undefined;
        const deleted = await orRefused(storage.delete(command.key, { ifVersion }));
        if (!model.allows(ifVersion, command.key, now)) return equal(deleted, "CONFLICT", "a delete that must not be");
        return equal(deleted, model.delete(command.key, now), "what delete answers");
      }
      case "batch":
        return this.#batch(command, now);
      case "load":
        return equal(
          plain(await storage.load(command.key)),
          model.find(command.key, now)?.value,
          `the value of ${command.key}`,
        );
      case "stat":
        return this.#compare(command.key, await storage.stat(command.key), now);
      case "list": {
        const { prefix, after, limit } = command;
        const keys = model.keys(now).filter((key) => key.startsWith(prefix));
        const behind = keys.filter((key) => after === undefined || compareKeys(key, after) > 0);
        return equal(keysOf(await storage.list(prefix, { after, limit })), behind.slice(0, limit), "the list");
      }
      case "search": {
        const { prefix, tagged } = command;
        const query = { prefix, sort: "key", ...(tagged ? { tags: ["tagged"] } : {}) };
        const keys = model
          .keys(now)
          .filter((key) => key.startsWith(prefix) && (!tagged || model.find(key, now)?.tagged));
        equal(keysOf(await storage.search(query)), keys, "what search finds");
        return equal(await storage.count(query), keys.length, "what count counts");
      }
      case "history":
        return this.#compareHistory(command.key, now);
      case "loadVersion": {
        const expected = model.nth(command.key, command.nth, now);
        const loading = storage.load(command.key, { version: expected?.version ?? "none" });
        const loaded = await orRefused(loading);
        if (this.#context.capabilities.history === "none")
          return equal(loaded, "UNSUPPORTED", "a version of no history");
        return equal(plain(loaded), expected?.value, `the value of a version of ${command.key}`);
      }
      case "restore":
        return this.#restore(command, now);
      case "changes":
        return this.#compareChanges();
      case "pass":
        return clock.advance(command.milliseconds);
      case "sweep":
        return equal(await storage.sweep(), model.sweep(now), "how many sweep removes");
      case "reopen":
        if (this.#context.backing.persistent) await this.reopen();
        return;
    }
  }

  async compareAll(): Promise<void> {
    const now = this.#context.clock.now();
    const items = await this.#opened.list();
    equal(keysOf(items), this.#model.keys(now), "every key in the end");
    for (const item of items) {
      this.#compare(item.key, item, now);
      equal(
        plain(await this.#opened.load(item.key)),
        this.#model.find(item.key, now)?.value,
        `the value of ${item.key}`,
      );
    }
    for (const key of modelKeys) await this.#compareHistory(key, now);
    await this.#compareChanges();
    equal((await this.#opened.verify()).problems, [], "what verify finds");
  }

  get #opened(): StorageEngine {
    if (this.#storage === undefined) throw new Error("the run has not begun");
    return this.#storage;
  }

  async #save(command: Command & { do: "save" }, now: number): Promise<void> {
    const { key, value, tag, lives, only, stream } = command;
    const ifVersion = this.#model.versionFor(only, key, now);
    const expiration = lives === undefined ? undefined : new Date(now + lives);
    const options = { ifVersion, expiration, tags: tag ? ["tagged"] : [] };
    const saving = stream
      ? this.#opened.saveStream(key, inPieces(new Uint8Array([value, value]), 1), options)
      : this.#opened.save(key, value, options);
    const item = await orRefused(saving);
    if (!this.#model.allows(ifVersion, key, now)) return equal(item, "CONFLICT", "a save that must not be");
    ok(typeof item === "object", `the save of ${key} is no conflict`);
    this.#saved(item, { value: stream ? [value, value] : value, tagged: tag, expires: expiration?.getTime() }, now);
  }

  async #restore({ key, nth, only }: Command & { do: "restore" }, now: number): Promise<void> {
    const model = this.#model;
    const [wanted, ifVersion] = [model.nth(key, nth, now), model.versionFor(only, key, now)];
    const restored = await orRefused(this.#opened.restore(key, wanted?.version ?? "none", { ifVersion }));
    if (this.#context.capabilities.history === "none") return equal(restored, "UNSUPPORTED", "a restore of no history");
    if (wanted === undefined) return equal(restored, "NOT_FOUND", "a restore of what is not kept");
    if (!model.allows(ifVersion, key, now)) return equal(restored, "CONFLICT", "a restore that must not be");
    ok(typeof restored === "object", `the restore of ${key} is done, not ${String(restored)}`);
    const { value, tagged, expires, created } = wanted;
    this.#saved(restored, { value, tagged, expires }, now, { created });
  }

  async #compareHistory(key: string, now: number): Promise<void> {
    const told = await orRefused(this.#opened.history(key));
    if (this.#context.capabilities.history === "none") return equal(told, "UNSUPPORTED", "a history of nothing");
    ok(Array.isArray(told), `the history of ${key} is told, not ${String(told)}`);
    equal(
      told.map(({ version, created, replaced, tags }) => [version, created.getTime(), replaced.getTime(), tags.length]),
      this.#model.history(key, now).map((item) => [item.version, item.created, item.replaced, item.tagged ? 1 : 0]),
      `the history of ${key}`,
    );
  }

  async #compareChanges(): Promise<void> {
    const { cursor, told } = this.#place ?? { cursor: undefined, told: 0 };
    const changes = await orRefused(collect(this.#opened.changes(cursor)));
    if (this.#context.capabilities.changes === "none") return equal(changes, "UNSUPPORTED", "changes of no feed");
    ok(Array.isArray(changes), `the changes are told, not ${String(changes)}`);
    const expected = this.#model.told.slice(told);
    equal(changes.length, expected.length, "how many changes are told");
    const steps = expected.map(({ step }) => step);
    // What one step wrote stands side by side, in an order of its own.
    const inSteps = <C extends { key: string }>(all: readonly C[]) =>
      all
        .map((change, index) => ({ change, step: steps[index] ?? 0 }))
        .sort((a, b) => a.step - b.step || compareKeys(a.change.key, b.change.key));
    const versionOf = (change: { type: string; version: string | undefined }) =>
      change.type === "save" ? change.version : undefined;
    equal(
      inSteps(changes).map(({ change }) => [change.type, change.key, versionOf(change)]),
      inSteps(expected).map(({ change }) => [change.type, change.key, versionOf(change)]),
      "the changes",
    );
    this.#place = { cursor: changes.at(-1)?.cursor ?? cursor, told: this.#model.told.length };
  }

  async #batch({ saves, deletes, value, only }: Command & { do: "batch" }, now: number): Promise<void> {
    const [model, first] = [this.#model, saves[0]];
    const ifVersion = first === undefined ? undefined : model.versionFor(only, first, now);
    const answers = await orRefused(
      this.#opened.batch([
        ...deletes.map((key) => ({ type: "delete" as const, key })),
        ...saves.map((key) => ({
          type: "save" as const,
          key,
          data: value,
          options: key === first ? { ifVersion } : {},
        })),
      ]),
    );
    if (this.#context.capabilities.batch !== "atomic") return equal(answers, "UNSUPPORTED", "a batch without batches");
    if (first !== undefined && !model.allows(ifVersion, first, now)) {
      return equal(answers, "CONFLICT", "a batch that must not be");
    }
    ok(Array.isArray(answers), "the batch is no conflict");
    const deleted = deletes.map((key) => model.delete(key, now));
    equal(answers.slice(0, deletes.length), deleted, "what the batch's deletes answer");
    for (const item of answers.slice(deletes.length)) {
      this.#saved(item as StorageItem, { value, tagged: false, expires: undefined }, now, { versions: "apart" });
    }
  }

  /** Versions of one batch are made in no order that anybody promised. */
  #saved(
    item: StorageItem,
    about: Pick<ModelItem, "value" | "tagged" | "expires">,
    now: number,
    { versions = "rising", created = now }: { versions?: "rising" | "apart"; created?: number } = {},
  ): void {
    const rises = this.#model.save(item.key, { ...about, version: item.version }, now, created);
    ok(rises || versions === "apart", `the version of ${item.key} is above all before it`);
    // What is saved as expired is absent, but its answer tells of it.
    if (this.#model.find(item.key, now) !== undefined) this.#compare(item.key, item, now);
  }

  #compare(key: string, item: StorageItem | undefined, now: number): void {
    const expected = this.#model.find(key, now);
    equal(
      item && {
        version: item.version,
        tagged: item.tags.includes("tagged"),
        created: item.created.getTime(),
        expires: item.expiration?.getTime(),
      },
      expected && {
        version: expected.version,
        tagged: expected.tagged,
        created: expected.created,
        expires: expected.expires,
      },
      `the item ${key}`,
    );
  }
}

/** Bytes as the model keeps them. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? [...value] : value;
}

const REFUSALS = ["CONFLICT", "NOT_FOUND", "UNSUPPORTED"] as const;

async function orRefused<T>(call: Promise<T>): Promise<T | (typeof REFUSALS)[number]> {
  try {
    return await call;
  } catch (error) {
    const refusal = REFUSALS.find((code) => StorageError.is(error, code));
    if (refusal === undefined) throw error;
    return refusal;
  }
}
