import type { Told } from "../oracle.ts";
import type { Change } from "./files.ts";

/** What happened while a store was at work, in order. */
export type Event =
  | { readonly type: "change"; readonly change: Change; readonly time: bigint }
  /** The item table as it is on the disk from here on. SQLite's own files are modelled as atomic. */
  | { readonly type: "commit"; readonly database: Uint8Array }
  | { readonly type: "told"; readonly writer: number; readonly index: number; readonly told: Told };

export type Trace = readonly Event[];
