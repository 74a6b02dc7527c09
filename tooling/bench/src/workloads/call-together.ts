import type { Document } from "../data/documents.ts";

/** Saves all documents, so many calls at a time before the first is awaited. */
export function callTogether(
  documents: readonly Document[],
  together: number,
  save: (document: Document) => Promise<unknown>,
): () => Promise<number> {
  if (together === 1) {
    return async () => {
      for (const document of documents) await save(document);
      return documents.length;
    };
  }
  return async () => {
    let saved = 0;
    while (saved < documents.length) {
      saved += (await Promise.all(documents.slice(saved, saved + together).map(save))).length;
    }
    return saved;
  };
}
