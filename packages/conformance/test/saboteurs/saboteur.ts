import type { Replacements } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";

/** An adapter with one planted fault, and the case that must not let it pass. */
export interface Saboteur {
  /** What the adapter does wrong, as a sentence about it. */
  readonly fault: string;
  readonly caughtBy: { readonly theme: string; readonly case: string };
  /** What a sound adapter's properties are replaced by. Called for each adapter; `sound` works on. */
  readonly plant: (sound: StorageAdapter) => Replacements;
}
