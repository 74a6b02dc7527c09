import { inspect } from "node:util";
import type { Harness } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";
import { CommandError } from "../failure.js";
import { importModule } from "../import-module.js";
import { type CreateAdapter, directoryHarness, type ForgetFeed } from "./directory-harness.js";

type Module = Awaited<ReturnType<typeof importModule>>;

const FORGET_HINT =
  "`export const forgetFeed = ({ directory }) => …`, which makes the feed of that store forget what it holds";
const HINT = "a module with `export default ({ directory }) => adapter`, or with a harness as `export const harness`";

/**
 * Runs a module and takes what it exports: a harness, as `harness` or as its default, or a function that makes adapters, beside which
 * `forgetFeed` may stand.
 */
export async function loadHarness(file: string): Promise<Harness> {
  const module = await importModule(file, HINT);
  const exported = exportOf(module);
  return isHarness(exported) ? exported : directoryHarness(file, creatorOf(file, exported), forgetFeedOf(file, module));
}

/** Runs a module and takes the function that it exports as its default. */
export async function loadAdapter(file: string): Promise<CreateAdapter> {
  return creatorOf(file, exportOf(await importModule(file, HINT)));
}

function creatorOf(file: string, create: unknown): CreateAdapter {
  if (typeof create !== "function") {
    throw new CommandError("INVALID_OPTION", `${file} exports neither a harness nor what makes an adapter`, HINT);
  }
  return (place) => {
    let wrong: string;
    try {
      const made: unknown = create(place);
      if (isAdapter(made)) return made;
      wrong = wrongWith(made);
    } catch (cause) {
      const message = `${file} threw as it made an adapter: ${cause instanceof Error ? cause.message : inspect(cause)}`;
      throw new CommandError("INVALID_OPTION", message, "again with --verbose, which shows where", undefined, {
        cause,
      });
    }
    throw new CommandError("INVALID_OPTION", `what ${file} makes is no adapter: ${wrong}`, HINT);
  };
}

function forgetFeedOf(file: string, { forgetFeed }: Module): ForgetFeed | undefined {
  if (forgetFeed === undefined) return undefined;
  if (typeof forgetFeed !== "function") {
    throw new CommandError("INVALID_OPTION", `${file} exports a forgetFeed that is no function`, FORGET_HINT);
  }
  return async (place) => void (await forgetFeed(place));
}

function exportOf(module: Module): unknown {
  return module["harness"] ?? module["default"];
}

function isHarness(exported: unknown): exported is Harness {
  return typeof exported === "object" && exported !== null && "open" in exported && typeof exported.open === "function";
}

function isAdapter(made: unknown): made is StorageAdapter {
  // What else is wrong with it is for the suite to find, by the name of the promise.
  return isObject(made) && "spi" in made && "open" in made && isObject(made["capabilities"]);
}

function wrongWith(made: unknown): string {
  if (!isObject(made)) return `it is ${inspect(made)}`;
  if (typeof made["then"] === "function") {
    // Nobody waits for it, so what it may reject with must not end the process.
    Promise.resolve(made).catch(() => undefined);
    return "it is a promise, and what takes time belongs into the adapter's `open`";
  }
  const missing = ["spi", "open"].filter((name) => !(name in made));
  if (!isObject(made["capabilities"])) missing.push("capabilities, which are an object");
  return `it has no ${missing.join(", no ")}`;
}

function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null;
}
