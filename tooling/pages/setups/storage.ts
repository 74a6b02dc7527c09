import type { StorageEngine } from "@holdfast/core";

export declare const storage: StorageEngine;
