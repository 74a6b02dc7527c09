import type { StorageAdapter } from "@holdfast/core";

/** Of the reader's own making. */
export declare function myAdapter(): StorageAdapter;
export declare const remote: StorageAdapter;
