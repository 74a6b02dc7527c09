import type { Value } from "./plan.ts";

const TAG = "kept";

/** What is saved for a value. The mark stands in it, so that no two values are alike. */
export function dataOf({ format, mark, length }: Value): unknown {
  if (format === "json" || format === "yaml") return { mark, text: "word ".repeat(length / 5), list: [1, true, null] };
  return bytesOf(mark, length);
}

export function optionsOf({ format, mark }: Value): {
  format: "json" | "yaml" | "binary";
  tags: string[];
  metadata: { mark: string };
} {
  return { format: format === "stream" ? "binary" : format, tags: [TAG], metadata: { mark } };
}

/** In pieces of odd sizes, as a network would bring them. */
export async function* piecesOf({ mark, length }: Value): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(mark, length);
  for (let at = 0; at < bytes.byteLength; at += 60_001) yield bytes.subarray(at, at + 60_001);
}

/** The mark, then bytes that depend on it. */
function bytesOf(mark: string, length: number): Uint8Array {
  const start = new TextEncoder().encode(`${mark}:`);
  const bytes = new Uint8Array(start.byteLength + length);
  bytes.set(start);
  let state = start.reduce((sum, byte) => (Math.imul(sum, 31) + byte) >>> 0, 7);
  for (let at = start.byteLength; at < bytes.byteLength; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}
