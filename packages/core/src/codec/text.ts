const encoder = new TextEncoder();
// Strict, so that damage shows.
const decoder = new TextDecoder("utf-8", { fatal: true });

export function toUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Throws on bytes that are not UTF-8. A byte order mark, which editors may add to a file, is left out. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
