import type { AdapterContext, KeyOrder, WriteRecord } from "@holdfast/core";
import type { Connection } from "./connection.js";
import type { GroupCommit } from "./group-commit.js";
import type { ItemRow } from "./layout.js";
import type { BodilessRecord } from "./workspace.js";

/** One open database, as its parts see the whole. */
export interface Store {
  readonly connection: Connection;
  readonly group: GroupCommit;
  readonly context: AdapterContext;
  /** Of what is written under one stored key. */
  readonly order: KeyOrder;
  /** A name that no body has. */
  newBody(): string;
  /** The record without its body, marked when it may be evicted. */
  bodiless(record: Omit<WriteRecord, "body">): BodilessRecord;
  /** A row was read by somebody who wanted its body. */
  used(stored: string, row: ItemRow): void;
  /** Frees the bodies that nobody points to or uses any more. What cannot be freed now is found again later. */
  free(): Promise<void>;
}
