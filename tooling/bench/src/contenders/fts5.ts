import type { Document } from "../data/documents.ts";
import { openLikeHoldfast } from "./hand-written.ts";

/** SQLite's full-text search as its manual introduces it: its own tokenizer, its own ranking, the documents in the table. */
export interface Fts5 {
  add(documents: readonly Document[]): void;
  /** Keys of the best documents that have a word which starts with each of the words. */
  search(words: readonly string[], limit: number): string[];
  close(): void;
}

export function openFts5(file: string): Fts5 {
  const database = openLikeHoldfast(file);
  database.exec("CREATE VIRTUAL TABLE IF NOT EXISTS notes USING fts5(key UNINDEXED, value UNINDEXED, words)");
  const insert = database.prepare("INSERT INTO notes VALUES (?, ?, ?)");
  const search = database
    .prepare<[string, number], string>("SELECT key FROM notes WHERE notes MATCH ? ORDER BY rank LIMIT ?")
    .pluck();
  return {
    add: database.transaction((documents: readonly Document[]) => {
      for (const { key, data, tags, metadata } of documents) {
        const words = [key, ...tags, metadata.title, metadata.author.name].join(" ");
        insert.run(key, JSON.stringify(data), words);
      }
    }),
    search: (words, limit) => search.all(words.map((word) => `"${word}"*`).join(" "), limit),
    close: () => database.close(),
  };
}
