import type { DeprecationNotice } from "../contract/collection.js";
import { callersOwn } from "../engine/failure.js";
import type { Session } from "../engine/session.js";
import type { Step } from "./definition.js";
import type { Scope } from "./scope.js";

// Which versions of which collections were told of: several objects may stand for one collection.
const told = new WeakMap<Session, Set<string>>();

/** Tells once per open storage, collection and version. What the listener throws, or rejects with, comes out as it is. */
export async function warnOfDeprecated(scope: Scope, step: Step | undefined, path: string): Promise<void> {
  const message = step?.migration.deprecated;
  if (step === undefined || message === undefined) return;
  const { from } = step;
  const { session, prefix } = scope.internals;
  const known = told.get(session) ?? new Set();
  told.set(session, known);
  const subject = `${prefix}@${from.number.join(".")}`;
  if (known.has(subject)) return;
  known.add(subject);
  const { name, onDeprecated = warn } = scope.definition;
  const key = path.slice(prefix.length);
  await callersOwn(onDeprecated, { collection: name, version: from.text, message, key });
}

function warn({ collection, version, message, key }: DeprecationNotice): void {
  // Who gave no listener is to hear of it all the same, and the console is what every platform has.
  // biome-ignore lint/suspicious/noConsole: see above
  console.warn(`${collection}: data of version ${version} was met (${JSON.stringify(key)}): ${message}`);
}
