import type { Change, StorageItem } from "@holdfast/core";

// What an app does with what it is told.
export declare function index(item: StorageItem): void;
export declare function apply(change: Change): void;
export declare function show(...progress: unknown[]): void;

/** A version that was kept. */
export declare const older: string;
