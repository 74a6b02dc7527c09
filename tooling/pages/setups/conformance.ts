import type { Harness } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";

/** The adapter that is held to the suite. */
export declare function mine(options: { directory: string }): StorageAdapter;
/** Drops what the feed of a store holds. */
export declare function trim(directory: string): Promise<void>;
export declare const directory: string;
export declare const harness: Harness;
