import type { StorageAdapter, StorageEngine, StorageSettings } from "@holdfast/core";
import { theSameKey } from "./keys/test-keys.js";
import type { Peer } from "./peer/protocol.js";

/** What an adapter author hands to the suite: how to come by stores to test. */
export interface Harness {
  /** Shown in the names of the tests. */
  readonly name: string;
  /** Makes a backing store that is new and empty, unlike any other. Called once for each case. */
  open(): Promise<Backing>;
  /** Milliseconds that each step of a case may take: `open`, the case itself, and to close and remove its store. Default: 60,000. */
  readonly timeout?: number | undefined;
}

/** One place in which data lies: a directory, a database, a bucket. */
export interface Backing {
  /** Another adapter on this same store, not open yet; each is a writer of its own, like another process or tab. */
  adapter(): StorageAdapter;
  /** Whether the store keeps its data while no adapter has it open. */
  readonly persistent: boolean;
  /**
   * Starts another process, tab or worker that runs `runPeer` on this same store. To be offered by every adapter that
   * declares a capability as `cross-process`, and by every one that is durable: what a crash leaves is not tried without.
   */
  peer?(): Promise<Peer>;
  /**
   * Makes the store forget every entry that its feed holds by now, as it does by itself to those that are old enough. To be
   * offered by every adapter whose feed ever forgets. Called while nothing is written.
   */
  forgetFeed?(): Promise<void>;
  /** Removes the store. Every adapter is closed and every peer gone by then. */
  destroy(): Promise<void>;
}

/** One way to open a storage. The suite holds in every mode. */
export interface Mode {
  /** Shown in the names of the tests. */
  readonly name: string;
  readonly settings: StorageSettings;
  /** The namespace in which all cases work; undefined for the root. */
  readonly namespace: string | undefined;
  /** Names of the themes that say something new in this mode. Default: all. */
  readonly themes?: readonly string[] | undefined;
}

/** As an app opens it that names nothing. */
export const plain: Mode = { name: "plain", settings: {}, namespace: undefined };

/** Everything below a prefix that pattern-matching languages would misread. */
export const namespaced: Mode = {
  name: "in a namespace",
  settings: {},
  namespace: "(_%[*]?)",
  // What is left out is about bodies, or about the adapter alone: neither is another one for the key's prefix.
  themes: [
    "save and load",
    "keys",
    "list and scan",
    "edges",
    "options",
    "versions",
    "compare-and-set",
    "expiration",
    "search",
    "collections",
    "update",
    "batch",
    "streams",
    "watch",
    "changes",
    "history",
    "restore and diff",
    "namespace",
    "verify, repair, flush and info",
    "errors",
    "models",
  ],
};

/** Compression on by default. */
export const compressed: Mode = {
  name: "compressed",
  settings: { compress: true },
  namespace: undefined,
  // What is left out is about keys, headers and calls: none of them is another one for a smaller body.
  themes: [
    "save and load",
    "exactness",
    "options",
    "search",
    "update",
    "batch",
    "streams",
    "open streams",
    "history",
    "restore and diff",
    "verify, repair, flush and info",
    "failures",
    "faults at each call",
    "models",
  ],
};

/** Compressed and encrypted, under a key that every opening of the case's store has. */
export const encrypted: Mode = {
  name: "compressed and encrypted",
  settings: { compress: true, encryption: { keys: theSameKey } },
  namespace: undefined,
  // What is left out is about the adapter alone, or about data that an index has to find.
  themes: [
    "save and load",
    "update",
    "batch",
    "streams",
    "versions",
    "compare-and-set",
    "expiration",
    "search",
    "history",
    "restore and diff",
  ],
};

/** Every mode: the suite runs in each, unless it is told in which. */
export const modes: readonly Mode[] = [plain, namespaced, compressed, encrypted];

/** Returns the view of a root storage in which a mode works. */
export function viewOf(root: StorageEngine, mode: Mode): StorageEngine {
  return mode.namespace === undefined ? root : root.namespace(mode.namespace);
}
