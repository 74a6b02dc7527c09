import type { StorageEngine } from "@holdfast/core";

export declare const from: StorageEngine;
export declare const to: StorageEngine;
