import type { Harness } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";

/** The adapter that is held to the suite. */
export declare function mine(options: { directory: string }): StorageAdapter;
export declare const directory: string;
export declare const harness: Harness;
