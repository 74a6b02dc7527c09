import type { Problem } from "@holdfast/core";

/** `CORRUPT "notes/1": its bytes do not match their checksum`. */
export function problemLine({ code, key, message, repairable }: Problem): string {
  const subject = key === undefined ? "the store" : JSON.stringify(key);
  return `${code} ${subject}: ${message}${repairable ? " (can be repaired)" : ""}`;
}
