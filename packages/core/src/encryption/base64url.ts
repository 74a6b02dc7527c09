const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Without padding. By hand, since it is asked for with each value: `btoa` takes text, and what it makes would be rewritten twice. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const group = (byteAt(bytes, at) << 16) | (byteAt(bytes, at + 1) << 8) | byteAt(bytes, at + 2);
    text += ALPHABET.charAt(group >> 18) + ALPHABET.charAt((group >> 12) & 63);
    text += ALPHABET.charAt((group >> 6) & 63) + ALPHABET.charAt(group & 63);
  }
  return text.slice(0, base64UrlLength(bytes.length));
}

/** Undefined for what is not the one text that `toBase64Url` makes of some bytes. */
export function fromBase64Url(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string" || !/^[\w-]*$/.test(text) || !isCanonical(text)) return undefined;
  const decoded = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = new Uint8Array(decoded.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = decoded.charCodeAt(index);
  return bytes;
}

/** The characters that so many bytes make. */
export function base64UrlLength(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** Bits of the last character that stand for nothing are zero. */
function isCanonical(text: string): boolean {
  const over = text.length % 4;
  if (over === 0) return true;
  const last = ALPHABET.indexOf(text.at(-1) ?? "");
  return over !== 1 && (last & (over === 2 ? 0b1111 : 0b11)) === 0;
}

/** Zero behind the end. */
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
