import { compareKeys, type StorageEngine, StorageError, type StorageItem } from "@holdfast/core";
import { equal, ok } from "../assert.js";
import { inPieces, keysOf } from "../collect.js";
import type { Context } from "../context.js";
import type { Command } from "./commands.js";
import { Model, type ModelItem } from "./model.js";

/** Makes every step on the storage and on the model, and compares what they answer. */
export async function runCommands(context: Context, name: string, commands: readonly Command[]): Promise<void> {
  const model = new Model();
  const run = new SingleRun(context, name, model);
  await run.reopen();
  for (const command of commands) await run.step(command);
  await run.compareAll();
}

class SingleRun {
  readonly #context: Context;
  readonly #name: string;
  readonly #model: Model;
  #storage: StorageEngine | undefined;

  constructor(context: Context, name: string, model: Model) {
    this.#context = context;
    this.#name = name;
    this.#model = model;
  }

  /** Everything else that the case opened is closed as well. */
  async reopen(): Promise<void> {
    this.#storage = (await this.#context.reopen()).namespace(this.#name);
  }

  async step(command: Command): Promise<void> {
    const { clock } = this.#context;
    const now = clock.now();
    const [storage, model] = [this.#opened, this.#model];
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
        const deleted = await orConflict(storage.delete(command.key, { ifVersion }));
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
    const item = await orConflict(saving);
    if (!this.#model.allows(ifVersion, key, now)) return equal(item, "CONFLICT", "a save that must not be");
    ok(typeof item === "object", `the save of ${key} is no conflict`);
    this.#saved(item, { value: stream ? [value, value] : value, tagged: tag, expires: expiration?.getTime() }, now);
  }

  async #batch({ saves, deletes, value, only }: Command & { do: "batch" }, now: number): Promise<void> {
    const [model, first] = [this.#model, saves[0]];
    const ifVersion = first === undefined ? undefined : model.versionFor(only, first, now);
    const answers = await orConflict(
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
      this.#saved(item as StorageItem, { value, tagged: false, expires: undefined }, now, "apart");
    }
  }

  /** Versions of one batch are made in no order that anybody promised. */
  #saved(
    item: StorageItem,
    about: Pick<ModelItem, "value" | "tagged" | "expires">,
    now: number,
    versions: "rising" | "apart" = "rising",
  ): void {
    const rises = this.#model.save(item.key, { ...about, version: item.version }, now);
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

async function orConflict<T>(call: Promise<T>): Promise<T | "CONFLICT" | "UNSUPPORTED"> {
  try {
    return await call;
  } catch (error) {
    if (StorageError.is(error, "CONFLICT")) return "CONFLICT";
    if (StorageError.is(error, "UNSUPPORTED")) return "UNSUPPORTED";
    throw error;
  }
}
