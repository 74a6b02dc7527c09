import { StorageError } from "../errors.js";
import { checkExact } from "./exact.js";
import { toUtf8 } from "./text.js";

/** Throws INVALID_VALUE. */
export function encodeJson(value: unknown, layout: "compact" | "pretty"): Uint8Array {
  return toUtf8(layout === "pretty" ? `${exactJson(value, 2)}\n` : exactJson(value));
}

/** The JSON of a value that JSON holds exactly. Throws INVALID_VALUE, also for more than `maxDepth` levels. */
export function exactJson(value: unknown, indent = 0, maxDepth?: number): string {
  checkExact(value, undefined, maxDepth);
  try {
    return indent === 0 ? JSON.stringify(value) : JSON.stringify(value, null, indent);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError("INVALID_VALUE", `$ does not go into one JSON text (${reason}): store it in several items`, {
      cause,
    });
  }
}
