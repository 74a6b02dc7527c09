import type { AdapterContext } from "@holdfast/core";
import type { Connection } from "./connection.js";
import type { ItemRow } from "./layout.js";
import type { Writer } from "./writer.js";

/** One open database, as its parts see the whole. */
export interface Store {
  readonly connection: Connection;
  readonly writer: Writer;
  readonly context: AdapterContext;
  /** A row was read by somebody who wanted its body. */
  used(stored: string, row: ItemRow): void;
  /** Frees the bodies that nobody points to or uses any more. What cannot be freed now is found again later. */
  free(): Promise<void>;
}
