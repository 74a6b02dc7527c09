import type { StorageEngine } from "@holdfast/core";
import { defined, equal } from "../assert.js";
import { collect } from "../collect.js";
import type { Context } from "../context.js";
import { bothOf, type Case, feeding, type Need } from "../suite.js";
import { refusesChanges } from "./refusals.js";

/** A case about the durable feed, and about what else it needs. */
export function feed(name: string, run: Case["run"], also?: Need): Case {
  const needs = also === undefined ? feeding : bothOf(feeding, also);
  return { name, needs, run, otherwise: withoutFeed };
}

/** Where the feed stands. */
export async function cursorOf(storage: StorageEngine): Promise<string> {
  return defined((await storage.getInfo()).cursor, "the cursor of getInfo");
}

/** Without a feed the call is refused; with one that lacks something else, it works as far as it goes. */
async function withoutFeed(context: Context): Promise<void> {
  if (context.capabilities.changes === "none") return refusesChanges(context);
  const storage = await context.open();
  const start = await cursorOf(storage);
  await storage.save("k", 1);
  equal(
    (await collect(storage.changes(start))).map(({ key }) => key),
    ["k"],
    "the keys that are told",
  );
}
