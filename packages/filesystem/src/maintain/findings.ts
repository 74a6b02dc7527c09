import type { Problem } from "@holdfast/core";
import type { Copy } from "../table/copies.js";
import type { FileRow } from "../table/file-table.js";

/** Something that is not as it should be, with what mends it. */
export interface Finding {
  readonly problem: Problem;
  readonly remedy: Remedy;
}

export type Remedy =
  /** The pair is written anew from the table; a file that stands is put into quarantine first. */
  | { readonly do: "mirror"; readonly row: FileRow; readonly quarantine: boolean }
  /** A file in the root that is nobody's and holds nothing. */
  | { readonly do: "remove"; readonly path: string }
  /** A file of the work directory that nothing points to. */
  | { readonly do: "drop"; readonly place: string }
  /** The file of a previous version whose body is in the table as well. */
  | { readonly do: "forget"; readonly copy: Copy }
  /** People, or the next look, have to see to it. */
  | { readonly do: "nothing" };
