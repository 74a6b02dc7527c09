import { type BatchOperation, StorageError } from "@holdfast/core";
import { defined, equal, ok, rejects } from "../assert.js";
import { keysOf } from "../collect.js";
import { illegalKeys } from "../samples/keys.js";
import { wrongConditions, wrongOptions, wrongSaveOptions } from "../samples/wrong-options.js";
import { atomicBatches, type Case, type Theme } from "../suite.js";
import { refusesBatches } from "./refusals.js";
import { refusesOptions } from "./refuses-options.js";

export const batch: Theme = {
  name: "batch",
  cases: [
    atomic("answers in the order of the operations: an item for a save, a boolean for a delete", async (context) => {
      const storage = await context.open();
      const old = await storage.save("old", 1, { tags: ["old"] });
      await storage.save("gone", 1);
      context.clock.advance(1_000);
      const [saved, deleted, absent, overwritten] = await storage.batch([
        { type: "save", key: "new", data: { a: 1 }, options: { tags: ["t"], metadata: { m: 1 } } },
        { type: "delete", key: "gone" },
        { type: "delete", key: "never" },
        { type: "save", key: "old", data: "x" },
      ]);
      equal([deleted, absent], [true, false], "the answers of the deletes");
      equal(saved, await storage.stat("new"), "the answer of the save");
      equal(overwritten, await storage.stat("old"), "the answer of the overwrite");
      const item = defined(await storage.stat("old"), "the overwritten item");
      equal([item.created, item.tags], [old.created, []], "created and tags of the overwritten item");
      equal(await storage.load("new"), { a: 1 }, "the new value");
      equal(keysOf(await storage.list()), ["new", "old"], "the keys listed");
      equal(keysOf(await storage.search({ tags: ["t"] })), ["new"], "what is found by the new tag");
      equal(await storage.count({ tags: ["old"] }), 0, "what is found by the old tag");
    }),
    atomic("nothing at all is a batch that does nothing", async (context) => {
      const storage = await context.open();
      equal(await storage.batch([]), [], "the answers");
    }),
    atomic("conditions of all operations hold, or none is applied", async (context) => {
      const storage = await context.open();
      const a = await storage.save("a", 1, { tags: ["standing"] });
      const b = await storage.save("b", 1);
      const save = (key: string, ifVersion: string | null): BatchOperation => ({
        type: "save",
        key,
        data: 2,
        options: { ifVersion },
      });
      const refusals: [what: string, operations: BatchOperation[], key: string, current: string | null][] = [
        ["a conflict in the middle", [save("a", a.version), save("b", a.version), save("c", null)], "b", b.version],
        ["a conflict at the end", [save("c", null), { type: "delete", key: "a" }, save("b", null)], "b", b.version],
        ["a conflict at the start", [save("c", a.version), save("a", a.version)], "c", null],
        [
          "a delete of another version",
          [save("c", null), { type: "delete", key: "a", options: { ifVersion: b.version } }],
          "a",
          a.version,
        ],
        [
          "a delete of what is absent",
          [save("a", a.version), { type: "delete", key: "c", options: { ifVersion: a.version } }],
          "c",
          null,
        ],
        ["two conflicts", [save("a", null), save("b", null)], "a", a.version],
      ];
      for (const [what, operations, key, current] of refusals) {
        const error = await rejects("CONFLICT", what, () => storage.batch(operations));
        equal([error.key, error.current], [key, current], `key and current of ${what}`);
        equal(await storage.list(), [a, b], `what stands after ${what}`);
        equal([await storage.load("a"), await storage.load("b")], [1, 1], `the values after ${what}`);
      }
      await storage.batch([
        save("a", a.version),
        { type: "delete", key: "b", options: { ifVersion: b.version } },
        save("c", null),
      ]);
      equal(keysOf(await storage.list()), ["a", "c"], "what stands when all conditions hold");
    }),
    atomic("what has expired is absent for its conditions", async (context) => {
      const storage = await context.open();
      const { version } = await storage.save("k", 1, { expiration: context.clock.in(10) });
      context.clock.advance(10);
      await rejects("CONFLICT", "its version", () =>
        storage.batch([{ type: "save", key: "k", data: 2, options: { ifVersion: version } }]),
      );
      const [item, deleted] = await storage.batch([{ type: "save", key: "k", data: 2, options: { ifVersion: null } }]);
      ok(typeof item === "object" && item.created.getTime() === context.clock.now(), "the item is created anew");
      equal(deleted, undefined, "further answers");
    }),
    atomic("a key may be in a batch only once", async (context) => {
      const storage = await context.open();
      await rejects("INVALID_OPTION", "a key twice", () =>
        storage.batch([
          { type: "save", key: "a", data: 1 },
          { type: "save", key: "b", data: 1 },
          { type: "delete", key: "a" },
        ]),
      );
      equal(await storage.list(), [], "what was written");
    }),
    atomic("one wrong operation refuses the batch, and nothing is written", async (context) => {
      const storage = await context.open();
      const fine: BatchOperation = { type: "save", key: "fine", data: 1 };
      for (const [key, fault] of illegalKeys) {
        await rejects("INVALID_KEY", fault, () => storage.batch([fine, { type: "delete", key: key as string }]));
        await rejects("INVALID_KEY", fault, () => storage.batch([fine, { type: "save", key: key as string, data: 1 }]));
      }
      await rejects("INVALID_VALUE", "NaN", () => storage.batch([fine, { type: "save", key: "k", data: Number.NaN }]));
      const wrong: [what: string, operations: unknown][] = [
        ["an unknown type", [fine, { type: "update", key: "k" }]],
        ["no type", [fine, { key: "k" }]],
        ["an unknown property", [fine, { type: "save", key: "k", data: 1, tags: ["t"] }]],
        [
          "a signal inside",
          [fine, { type: "save", key: "k", data: 1, options: { signal: new AbortController().signal } }],
        ],
        ["null as an operation", [fine, null]],
        ["a string as an operation", [fine, "save"]],
        ["no array", { 0: fine }],
        ["undefined", undefined],
      ];
      for (const [what, operations] of wrong)
        await rejects("INVALID_OPTION", what, () => storage.batch(operations as never));
      await rejects("INVALID_OPTION", "an unknown option", () => storage.batch([fine], { atomic: true } as never));
      await refusesOptions("a save in a batch", [...wrongSaveOptions, ...wrongConditions], (options) =>
        storage.batch([fine, { type: "save", key: "k", data: 2, options }]),
      );
      await refusesOptions("a delete in a batch", [...wrongOptions, ...wrongConditions], (options) =>
        storage.batch([fine, { type: "delete", key: "k", options }]),
      );
      equal(await storage.list(), [], "what was written");
    }),
    atomic("many operations are one step", async (context) => {
      const storage = await context.open();
      const keys = Array.from({ length: 500 }, (_, index) => `k${String(index).padStart(3, "0")}`);
      const results = await storage.batch(keys.map((key, index) => ({ type: "save", key, data: index })));
      equal(results, await storage.list(), "the answers, against the list");
      const half = keys.map(
        (key, index): BatchOperation =>
          index === 499 ? { type: "save", key, data: 0, options: { ifVersion: null } } : { type: "delete", key },
      );
      await rejects("CONFLICT", "a conflict at the very end", () => storage.batch(half));
      equal(await storage.count(), 500, "items after the refusal");
    }),
    atomic("of batches that race for overlapping keys, each is applied whole or not at all", async (context) => {
      const storages = [await context.open(), await context.open()];
      const rounds = Array.from({ length: 30 }, (_, index) => index);
      const keysFor = (index: number) => [index, index + 1, index + 2].map((each) => `k${each % 10}`);
      const outcomes = await Promise.allSettled(
        rounds.map((index) =>
          defined(storages[context.capabilities.compareAndSet === "none" ? 0 : index % 2], "a storage").batch(
            keysFor(index).map((key) => ({ type: "save", key, data: index, options: { ifVersion: null } })),
          ),
        ),
      );
      const expected = new Map<string, number>();
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === "rejected") {
          ok(StorageError.is(outcome.reason, "CONFLICT"), `a loser gets CONFLICT, not ${String(outcome.reason)}`);
          continue;
        }
        for (const key of keysFor(index)) {
          ok(!expected.has(key), `${key} is created by one batch only`);
          expected.set(key, index);
        }
      }
      ok(expected.size >= 3, "at least one batch won");
      for (const storage of storages) {
        equal(keysOf(await storage.list()), [...expected.keys()].sort(), "the keys that the winners wrote");
        for (const [key, index] of expected) equal(await storage.load(key), index, `the value of ${key}`);
      }
    }),
    atomic("readers meanwhile see all of a batch or nothing of it", async (context) => {
      const [writer, reader] = [await context.open(), await context.open()];
      const keys = ["a", "b", "c"];
      const write = (round: number) =>
        writer.batch(keys.map((key) => ({ type: "save", key, data: round, options: { tags: [`r${round}`] } })));
      await write(0);
      const views: string[][] = [];
      for (let round = 1; round <= 30; round++) {
        const [items] = await Promise.all([reader.list(), write(round), writer.list()]);
        views.push(items.map(({ tags }) => tags[0] ?? ""));
      }
      for (const view of views) equal(view, [view[0], view[0], view[0]], "the rounds that one list shows");
    }),
  ],
};

function atomic(name: string, run: Case["run"]): Case {
  return { name, needs: atomicBatches, run, otherwise: refusesBatches };
}
