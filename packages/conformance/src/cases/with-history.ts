import type { StorageEngine, StorageItem } from "@holdfast/core";
import { equal } from "../assert.js";
import type { Context } from "../context.js";
import { bothOf, type Case, keepingVersions, type Need } from "../suite.js";
import { refusesHistory } from "./refusals.js";

/** A case that needs history, and perhaps something else; without, the refusal is checked. */
export function kept(name: string, run: Case["run"], also?: Need, once?: true): Case {
  const needs = also === undefined ? keepingVersions : bothOf(keepingVersions, also);
  return { name, needs, run, otherwise: withoutHistory, ...(once && { once }) };
}

async function withoutHistory(context: Context): Promise<void> {
  if (context.capabilities.history === "none") return refusesHistory(context);
  const storage = await open(context);
  const item = await storage.save("k", 1);
  await storage.save("k", 2);
  equal(await numbered(storage, [item]), ["1"], "what is kept where something else is missing");
}

export function open(
  context: Context,
  history: { versions: number; age?: number } = { versions: 100 },
): Promise<StorageEngine> {
  return context.open({ settings: { history } });
}

/** The kept versions of `k` as the numbers of these items, counted from 1. */
export async function numbered(storage: StorageEngine, items: readonly StorageItem[]): Promise<string[]> {
  const kept = await storage.history("k");
  return kept.map(({ version }) => {
    const index = items.findIndex((item) => item.version === version);
    return index < 0 ? `unknown ${version}` : String(index + 1);
  });
}
