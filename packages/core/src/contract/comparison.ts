import type { ErrorCode } from "../errors.js";
import type { OperationOptions } from "./options.js";
import type { Progress } from "./reports.js";

/** What `compareStores` compares, and how. */
export interface CompareOptions extends OperationOptions {
  /** Only keys that start with this. */
  prefix?: string | undefined;
  /** Read the bodies of both and verify them; false: compare headers, checksums included, alone. Default: true. */
  content?: boolean | undefined;
  /** Items that are read at once, at most 1,000. Default: 16. */
  concurrency?: number | undefined;
  /** When it throws or rejects, the comparison ends with that error. */
  progress?: ((progress: Progress) => void) | undefined;
}

/** What comparing two storages finds under one key. */
export type ComparedItem =
  /** The same value, saved in the same way. Version and `created` may differ. */
  | { key: string; result: "equal" }
  | { key: string; result: "only-in-first" | "only-in-second" }
  /** In these properties of the header; `checksum` stands for the value. */
  | { key: string; result: "different"; differences: string[] }
  | { key: string; result: "unreadable"; side: "first" | "second"; code: ErrorCode; message: string };
