import type { RecordHeader } from "@holdfast/core";

/** The first line of an archive: see docs/playground.md. */
export interface Preamble {
  readonly holdfast: "archive";
  readonly layout: 1;
  readonly items: number;
}

/** Each further line. The body stands as text where it is text, so that people can read it. */
export type Entry = { readonly header: RecordHeader } & ({ readonly text: string } | { readonly base64: string });

export const LAYOUT = 1;
