import { StorageError } from "./errors.js";
import { describeValue } from "./invalid-option.js";

/** The most UTF-8 bytes that a key may have, namespace included. */
export const MAX_KEY_BYTES = 1024;
/** A segment that adapters keep for themselves. */
export const RESERVED_SEGMENT = ".holdfast";

// What most keys are: segments of ASCII letters, digits, `_`, `-` and dots that do not come first. Nothing is wrong with them.
const ORDINARY = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;
const CONTROL = /\p{Cc}/u;
const BAD_SEGMENT = /(?:^|\/)(?:\.{0,2}|\.holdfast)(?:\/|$)/;

/** Returns the key when it is a legal one; throws INVALID_KEY, saying what is wrong with it. */
export function checkKey(key: unknown): string {
  if (typeof key !== "string") throw new StorageError("INVALID_KEY", `a key is a string, not ${describeValue(key)}`);
  const fault = faultOf(key);
  if (fault !== undefined) throw new StorageError("INVALID_KEY", `the key ${quote(key)} ${fault}`, { key });
  return key;
}

/** Any string without control characters will do. */
export function checkPrefix(prefix: unknown): string {
  if (typeof prefix !== "string") {
    throw new StorageError("INVALID_KEY", `a prefix is a string, not ${describeValue(prefix)}`);
  }
  if (CONTROL.test(prefix))
    throw new StorageError("INVALID_KEY", `the prefix ${quote(prefix)} has a control character`);
  return prefix;
}

/** Whether a key starts with a prefix. Half of a surrogate pair starts none, though JavaScript's strings see it there. */
export function isBelow(key: string, prefix: string): boolean {
  return key.startsWith(prefix) && prefix.isWellFormed();
}

function faultOf(key: string): string | undefined {
  if (key.length <= MAX_KEY_BYTES && ORDINARY.test(key)) return undefined;
  if (key === "") return "is empty";
  if (CONTROL.test(key)) return "has a control character";
  if (!key.isWellFormed()) return "has half of a surrogate pair";
  if (BAD_SEGMENT.test(key)) {
    const segment = key
      .split("/")
      .find((part) => part === "" || part === "." || part === ".." || part === RESERVED_SEGMENT);
    return segment === "" ? "has an empty segment" : `has the segment ${quote(segment ?? "")}, which is not allowed`;
  }
  if (isTooLong(key)) return `is longer than ${MAX_KEY_BYTES} bytes in UTF-8`;
  return undefined;
}

function isTooLong(key: string): boolean {
  // A UTF-16 unit takes one to three bytes: most keys need no counting.
  return key.length * 3 > MAX_KEY_BYTES && new TextEncoder().encode(key).length > MAX_KEY_BYTES;
}

/** Orders strings by code points, which plain `<` does not where surrogates meet U+E000 to U+FFFF. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return codePointRank(left) - codePointRank(right);
  }
  return a.length - b.length;
}

const FIRST_SURROGATE = 0xd800;
const AFTER_SURROGATES = 0xe000;
const LAST_CODE_POINT = 0x10ffff;

/** The least string above all that start with `prefix`, which is well-formed, by code points; null when there is none. */
export function afterPrefix(prefix: string): string | null {
  const points = Array.from(prefix, (character) => character.codePointAt(0) ?? 0);
  while (points.length > 0) {
    const last = points.pop() ?? 0;
    if (last === LAST_CODE_POINT) continue;
    points.push(last + 1 === FIRST_SURROGATE ? AFTER_SURROGATES : last + 1);
    return String.fromCodePoint(...points);
  }
  return null;
}

// Moves surrogates, which stand for code points from U+10000 on, behind all other units.
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

function quote(text: string): string {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(shown);
}
