const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
// What one call takes as arguments.
const STEP = 8_192;

/** Without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += STEP) {
    text += String.fromCharCode(...bytes.subarray(start, start + STEP));
  }
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
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
