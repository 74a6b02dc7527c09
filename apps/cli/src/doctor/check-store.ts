import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { StorageEngine, StorageInfo, StorageSettings, VerifyReport } from "@holdfast/core";
import { type CommandContext, openExisting } from "../command-context.js";
import { describeFailure } from "../failure.js";
import { countOf, formatBytes, formatDuration } from "../terminal/index.js";
import { isUnopened, RIGHT_KEYS } from "../unopened.js";
import type { Check } from "./check.js";

// Less than this, and the next large save or a compaction may fail.
const LOW_SPACE = 100_000_000;
const MOST_NAMED = 3;

/** Whether a store opens, what is in force there, and whether everything in it is whole. */
export async function checkStore(context: CommandContext, store: string, settings: StorageSettings): Promise<Check[]> {
  const started = performance.now();
  let storage: StorageEngine;
  try {
    storage = await openExisting(store, settings);
  } catch (error) {
    const { code, message, hint } = describeFailure(error, "holdfast doctor --help");
    return [{ name: "store", status: "fail", detail: `${message} (${code})`, advice: hint }];
  }
  try {
    const opened = performance.now() - started;
    const info = await storage.getInfo({ signal: context.signal });
    return [
      checkOpen(info, opened),
      checkSettings(info),
      checkDurability(storage),
      ...(await checkSpace(info)),
      await checkContent(context, storage),
    ];
  } finally {
    await storage.close();
  }
}

function checkOpen({ adapter, location, items, bytes }: StorageInfo, milliseconds: number): Check {
  const place = location === undefined ? "" : ` at ${location}`;
  return {
    name: "store",
    status: "ok",
    detail: `${adapter}${place} opens in ${formatDuration(milliseconds)}: ${countOf(items, "item")}, ${formatBytes(bytes)}`,
  };
}

function checkSettings({ details }: StorageInfo): Check {
  const settings = Object.entries(details).map(([name, value]) => `${name} ${value}`);
  return { name: "settings", status: "ok", detail: settings.length === 0 ? "none to tell" : settings.join(", ") };
}

function checkDurability(storage: StorageEngine): Check {
  const { durability } = storage.getCapabilities().effective;
  const name = "durability";
  if (durability === "media") {
    return { name, status: "ok", detail: "media: what was acknowledged survives a loss of power" };
  }
  if (durability === "process") {
    return {
      name,
      status: "warn",
      detail: "process: the last writes may be lost when the power fails, not when the process does",
      advice: "leave out durability=process where that matters",
    };
  }
  return {
    name,
    status: "warn",
    detail: "memory: everything is gone with the process",
    advice: "a sqlite: store for what is to last",
  };
}

async function checkSpace({ location, bytes }: StorageInfo): Promise<Check[]> {
  if (location === undefined) return [];
  const name = "disk space";
  const folder = dirname(resolve(location));
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const needed = Math.max(LOW_SPACE, bytes);
  if (free >= needed) return [{ name, status: "ok", detail: `${formatBytes(free)} free in ${folder}` }];
  return [
    {
      name,
      status: "warn",
      detail: `only ${formatBytes(free)} free in ${folder}`,
      advice: `make room: at least ${formatBytes(needed)}, what a copy of the store takes`,
    },
  ];
}

async function checkContent({ signal, progress }: CommandContext, storage: StorageEngine): Promise<Check> {
  const report = await storage.verify("", { signal, progress: progress.listener });
  progress.end();
  const checked = `${countOf(report.items, "item")}, ${formatBytes(report.bytes)}`;
  if (report.ok) return { name: "content", status: "ok", detail: `${checked} read back, all whole` };
  return {
    name: "content",
    status: "fail",
    detail: `${checked} read back, ${countOf(report.problems.length, "problem")}: ${nameProblems(report)}`,
    advice: report.problems.every(isUnopened)
      ? RIGHT_KEYS
      : "`holdfast verify --repair`, which lists every problem and mends what it can without losing anything",
  };
}

function nameProblems({ problems }: VerifyReport): string {
  const named = problems.slice(0, MOST_NAMED).map(({ key, code }) => `${key ?? "the store"} (${code})`);
  return problems.length > MOST_NAMED ? `${named.join(", ")}, …` : named.join(", ");
}
