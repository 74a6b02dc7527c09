import { equal, rejects } from "../assert.js";
import { collect } from "../collect.js";
import type { Context } from "../context.js";

/** Without atomic batches: the call is refused and nothing is written. */
export async function refusesBatches(context: Context): Promise<void> {
  const storage = await context.open();
  const standing = await storage.save("standing", 1);
  await rejects("UNSUPPORTED", "batch", () =>
    storage.batch([
      { type: "save", key: "fresh", data: 1 },
      { type: "save", key: "standing", data: 2 },
      { type: "delete", key: "standing" },
    ]),
  );
  equal(await storage.list(), [standing], "what stands after the refusal");
  equal(await storage.load("standing"), 1, "the value that stands");
}

/** Without watch: the call is refused and the listener never called. */
export async function refusesWatch(context: Context): Promise<void> {
  const storage = await context.open();
  let called = 0;
  await rejects("UNSUPPORTED", "watch", () => storage.watch("", () => called++));
  await storage.save("k", 1);
  equal(called, 0, "calls of the listener");
}

/** Without a feed: there is none to read, nor a place in it. */
export async function refusesChanges(context: Context): Promise<void> {
  const storage = await context.open();
  const standing = await storage.save("k", 1);
  for (const since of [undefined, "cursor"]) {
    await rejects("UNSUPPORTED", "changes", () => collect(storage.changes(since)));
  }
  equal((await storage.getInfo()).cursor, undefined, "the cursor of getInfo");
  equal(await storage.list(), [standing], "what stands after the refusal");
}

/** Without history: nothing of the past is to be had, and nobody is made to believe that it is kept. */
export async function refusesHistory(context: Context): Promise<void> {
  for (const history of [true, { versions: 3 }, { age: 1_000 }]) {
    await rejects("UNSUPPORTED", "opening with history", () => context.open({ settings: { history } }));
  }
  const storage = await context.open({ settings: { history: false } });
  const { version } = await storage.save("k", 1);
  const standing = await storage.save("k", 2);
  const refused: [name: string, call: () => Promise<unknown>][] = [
    ["history", () => storage.history("k")],
    ["load", () => storage.load("k", { version })],
    ["loadStream", () => storage.loadStream("k", { version })],
    ["restore", () => storage.restore("k", version)],
    ["diff", () => storage.diff("k", version)],
  ];
  for (const [name, call] of refused) await rejects("UNSUPPORTED", name, call);
  equal(await storage.list(), [standing], "what stands after the refusals");
  equal(await storage.load("k"), 2, "the value that stands");
}

/** Without a store that outlives its adapters: it opens again, empty and ready. */
export async function opensEmpty(context: Context): Promise<void> {
  const storage = await context.open();
  await storage.save("k", 1);
  const reopened = await context.reopen();
  equal(await reopened.list(), [], "what is there after reopening");
  await reopened.save("k", 2);
  equal(await reopened.load("k"), 2, "the value saved after reopening");
}
