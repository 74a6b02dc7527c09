import type { JsonValue } from "../contract/storage-item.js";
import { compareKeys } from "../keys.js";
import type { RecordHeader } from "../spi/records.js";
import { tokenize } from "./tokenizer.js";

/**
 * What a record is found by: the distinct tokens of its key, its tags and every string among the values of its metadata and
 * of the data fields that its collection indexes, in code-point order. Names of properties are not among them.
 */
export function termsOf(header: Pick<RecordHeader, "key" | "tags" | "metadata" | "fields">): string[] {
  const texts = [header.key, ...header.tags];
  // A list, not recursion: how deep metadata goes is the caller's choice.
  const pending: JsonValue[] = [header.metadata, header.fields ?? null];
  for (const value of pending) {
    if (typeof value === "string") texts.push(value);
    else if (typeof value === "object" && value !== null) {
      for (const inner of Object.values(value)) pending.push(inner);
    }
  }
  return tokenize(texts.join("\n")).sort(compareKeys);
}
