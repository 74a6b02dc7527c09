import type { Replacements } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";
import type { IndexedStore } from "../indexed-adapter.js";
import type { SimpleStore } from "../simple-store.js";

/** An adapter with one planted fault, and the case that must not let it pass. */
export type Saboteur = OnSimple | OnIndexed;

interface Described {
  /** Of the fault, as the field knows it. */
  readonly name: string;
  /** Where it bites users. */
  readonly story: string;
  readonly caughtBy: { readonly theme: string; readonly case: string };
  /** Milliseconds after which the spoilt adapter counts as hanging, for faults that make the case wait. */
  readonly hangsAfter?: number;
}

/** Spoils the simple adapter. */
interface OnSimple extends Described {
  /** `shared`: with other processes at work on its store, and the levels that go with them. */
  readonly on?: "simple" | "shared";
  /** What a sound adapter's properties are replaced by. Called for each adapter; `sound` works on. */
  readonly plant: (sound: StorageAdapter, store: SimpleStore) => Replacements;
}

/** Spoils the adapter that has native queries, streams in bounded memory and `info`. */
interface OnIndexed extends Described {
  readonly on: "indexed";
  readonly plant: (sound: StorageAdapter, store: IndexedStore) => Replacements;
}
