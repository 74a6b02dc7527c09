import type { Query } from "@holdfast/core";

/** What the list shows. */
export interface Filter {
  readonly text: string;
  /** All of these. */
  readonly tags: readonly string[];
  /** A first segment of keys with its slash, such as `countries/`; empty for all. */
  readonly folder: string;
  readonly sort: Sort;
}

/** `best`: by how well the text is met; without a text, as `-modified`. */
export type Sort = "best" | "key" | "-modified" | "-size";

interface SortChoice {
  readonly sort: Sort;
  readonly label: string;
}

const BEST: SortChoice = { sort: "best", label: "Best match" };
const OTHERS: readonly SortChoice[] = [
  { sort: "-modified", label: "Last changed" },
  { sort: "key", label: "Key" },
  { sort: "-size", label: "Largest" },
];

export const EVERYTHING: Filter = { text: "", tags: [], folder: "", sort: "best" };

export function isNarrowed({ text, tags, folder }: Filter): boolean {
  return text.trim() !== "" || tags.length > 0 || folder !== "";
}

/** The orders to choose from, and the one in force. */
export function sortsOf({ text, sort }: Filter): { readonly choices: readonly SortChoice[]; readonly chosen: Sort } {
  if (text.trim() !== "") return { choices: [BEST, ...OTHERS], chosen: sort };
  return { choices: OTHERS, chosen: sort === "best" ? "-modified" : sort };
}

export function queryOf(filter: Filter): Query {
  const { text, tags, folder } = filter;
  const { chosen } = sortsOf(filter);
  return {
    prefix: folder,
    tags,
    ...(text.trim() === "" ? {} : { text }),
    ...(chosen === "best" ? {} : { sort: chosen }),
  };
}
