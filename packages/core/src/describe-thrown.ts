import { describeValue } from "./invalid-option.js";

/** What the code of somebody else threw, for messages: an error as it shows itself, anything else as what it is. */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return String(thrown);
  } catch {
    // It cannot even be asked what it is, or an error that cannot be shown.
  }
  return describeValue(thrown);
}

/** The same without the name of an error, which says little where a sentence says what failed. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : describeValue(thrown);
}
