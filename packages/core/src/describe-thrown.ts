import { describeValue } from "./invalid-option.js";

/** What the code of somebody else threw, for messages: an error as it shows itself, anything else as what it is. */
export function describeThrown(thrown: unknown): string {
  return thrown instanceof Error ? String(thrown) : describeValue(thrown);
}
