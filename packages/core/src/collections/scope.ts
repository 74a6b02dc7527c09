import type { Internals } from "../engine/internals.js";
import type { Definition } from "./definition.js";

/** A collection in an open storage: what the code says of it, and the view of its keys. */
export interface Scope {
  readonly internals: Internals;
  readonly definition: Definition;
}

/** How messages name an item: relative to the collection. */
export function quoteId({ internals }: Scope, path: string): string {
  return JSON.stringify(path.slice(internals.prefix.length));
}
