import { CHUNK_BYTES } from "./checksum.js";

/** The same bytes in chunks of `length`, the last one shorter. Every chunk is a copy of its own. */
export async function* rechunk(
  source: AsyncIterable<Uint8Array>,
  length: number = CHUNK_BYTES,
): AsyncGenerator<Uint8Array> {
  let chunk = new Uint8Array(0);
  let filled = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + length - filled);
      chunk = withRoom(chunk, filled, part.length, length);
      chunk.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < length) continue;
      yield chunk;
      // More than one chunk: the next is likely to be full as well.
      chunk = new Uint8Array(length);
      filled = 0;
    }
  }
  if (filled > 0) yield filled === chunk.length ? chunk : chunk.slice(0, filled);
}

/** Grows by doubling: most bodies are small and come in one piece, and a whole chunk for each would be what they cost. */
function withRoom(chunk: Uint8Array<ArrayBuffer>, filled: number, more: number, most: number): Uint8Array<ArrayBuffer> {
  if (filled + more <= chunk.length) return chunk;
  const larger = new Uint8Array(Math.min(most, Math.max(2 * chunk.length, filled + more)));
  larger.set(chunk.subarray(0, filled));
  return larger;
}
