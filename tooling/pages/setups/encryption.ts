import type { StorageAdapter } from "@holdfast/core";

export declare const adapter: StorageAdapter;
/** Of a master key. */
export declare const id: string;
/** A secret of the user's. */
export declare const token: string;
