import { describeValue, StorageError } from "@holdfast/core";

/** A store URL taken apart: `scheme:path?name=value&…`, everything percent-decoded. */
export interface StoreUrl {
  /** Lower-case letters, digits, `+`, `.`, `-`; at least two, so that a drive letter is none. */
  readonly scheme: string;
  /** What the adapter makes of it: a file, a database name, nothing. */
  readonly path: string;
  /** By name; each at most once. */
  readonly options: Readonly<Record<string, string>>;
}

const SCHEME = /^[a-z][a-z0-9+.-]+$/;
const URL_PARTS = /^([A-Za-z][A-Za-z0-9+.-]+):([^?]*)(?:\?(.*))?$/s;
// What would end a part, hides in a terminal, or splits a word of a shell. All else is readable as it is.
const ESCAPED_IN_PATH = /[%?\p{Cc}\p{Zl}\p{Zp} ]/gu;
const ESCAPED_IN_OPTION = /[%&=\p{Cc}\p{Zl}\p{Zp} ]/gu;
const PARTS = "a store URL has a scheme, a path and options";

/**
 * Reads a store URL. `%` and two hex digits stand for a byte of UTF-8; every other character stands for itself, also `\`,
 * `:`, `#` and `+`. Only the first `?` ends the path.
 *
 * @example
 * parseStoreUrl("sqlite:./app.db?durability=process"); // { scheme: "sqlite", path: "./app.db", options: { durability: "process" } }
 *
 * @throws INVALID_OPTION
 */
export function parseStoreUrl(url: string): StoreUrl {
  const text: unknown = url;
  if (typeof text !== "string") throw invalid(`a store URL is a string, not ${describeValue(text)}`);
  const parts = URL_PARTS.exec(text);
  if (parts === null) {
    throw invalid(`${JSON.stringify(text)} is no store URL: it needs a scheme, as in memory: or sqlite:./app.db`);
  }
  const [, scheme = "", path = "", query] = parts;
  return checkStoreUrl({
    scheme: scheme.toLowerCase(),
    path: decode(path, text),
    options: query === undefined ? {} : parseOptions(query, text),
  });
}

/** The URL that `parseStoreUrl` reads as just this. @throws INVALID_OPTION when there is none. */
export function formatStoreUrl(url: StoreUrl): string {
  const { scheme, path, options } = checkStoreUrl(url);
  const query = Object.entries(options).map(
    ([name, value]) => `${escapeText(name, ESCAPED_IN_OPTION)}=${escapeText(value, ESCAPED_IN_OPTION)}`,
  );
  return `${scheme}:${escapeText(path, ESCAPED_IN_PATH)}${query.length === 0 ? "" : `?${query.join("&")}`}`;
}

/** Returns the parts when a URL can hold them. */
export function checkStoreUrl(url: StoreUrl): StoreUrl {
  const given: unknown = url;
  if (typeof given !== "object" || given === null) throw invalid(PARTS);
  const { scheme, path, options } = url;
  if (typeof scheme !== "string" || !SCHEME.test(scheme)) {
    throw invalid(`${describeValue(scheme)} is no scheme of a store URL`);
  }
  if (typeof path !== "string" || typeof options !== "object" || options === null) {
    throw invalid(PARTS);
  }
  for (const text of [path, ...Object.entries(options).flat()]) {
    if (typeof text !== "string" || text.includes("\0") || !text.isWellFormed()) {
      throw invalid(`the parts of a ${scheme}: URL are well-formed strings without NUL`);
    }
  }
  if (Object.hasOwn(options, "")) throw invalid(`an option of a ${scheme}: URL has no name`);
  return url;
}

function parseOptions(query: string, url: string): Record<string, string> {
  const options = new Map<string, string>();
  for (const part of query.split("&")) {
    const equals = part.indexOf("=");
    if (equals <= 0) {
      throw invalid(`${JSON.stringify(url)}: an option is written name=value, not ${JSON.stringify(part)}`);
    }
    const name = decode(part.slice(0, equals), url);
    if (options.has(name)) throw invalid(`${JSON.stringify(url)} names the option ${JSON.stringify(name)} twice`);
    options.set(name, decode(part.slice(equals + 1), url));
  }
  return Object.fromEntries(options);
}

function decode(text: string, url: string): string {
  const stray = /%(?![0-9A-Fa-f]{2})/.exec(text);
  if (stray !== null) throw invalid(`${JSON.stringify(url)}: a "%" that stands for itself is written %25`);
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalid(`${JSON.stringify(url)}: its percent-encoded bytes are not UTF-8`, cause);
  }
}

function escapeText(text: string, escaped: RegExp): string {
  return text.replace(escaped, encodeURIComponent);
}

function invalid(message: string, cause?: unknown): StorageError {
  return new StorageError("INVALID_OPTION", message, { cause });
}
