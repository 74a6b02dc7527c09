import type { Format, RecordHeader, Version } from "@holdfast/core";
import fc from "fast-check";
import type { EncodedValue } from "../../dist/codec/encode-value.js";

export const MIB = 1024 * 1024;
export const FORMATS: readonly Format[] = ["json", "yaml"];

export function encoding(options: { format?: Format; compress?: boolean; json?: "compact" | "pretty" } = {}): {
  format: Format | undefined;
  compress: boolean;
  json: "compact" | "pretty";
} {
  return { format: options.format, compress: options.compress ?? false, json: options.json ?? "compact" };
}

export function headerOf(encoded: Omit<EncodedValue, "body" | "chunkHashes">): RecordHeader {
  return {
    key: "k",
    version: "000000000001-0000-000000000000" as Version,
    size: encoded.size,
    storedSize: encoded.storedSize,
    format: encoded.format,
    compression: encoded.compression,
    created: 0,
    modified: 0,
    expiration: null,
    tags: [],
    metadata: {},
    checksum: encoded.checksum,
  };
}

/** Bytes that look random and are the same in every run. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (let turn = 0; start < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

export async function collect(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return join(parts);
}

export function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Strings that formats are known to stumble over. */
export const HOSTILE_STRINGS: readonly string[] = [
  ...[
    "",
    " ",
    "  x",
    "x  ",
    "\n",
    "\n\n",
    "a\n",
    "a\nb",
    "a\n\nb\n",
    " a\n b",
    "\ta",
    "a\tb",
    "a\t",
    "\r",
    "a\r\nb",
    "\u0000",
    "\u0007",
  ],
  ...["\u0085", "\u2028", "\u2029", "\ufeff", "\ufeffa", "a\ufeff", "\ufffe", "\u007f", "\u009f", "\u200b", "\u00a0"],
  ...["\ud800", "\udc00", "a\ud83d", "\ud83d\ude00", "é", "e\u0301", "日本語", "\u202e"],
  ...["yes", "no", "on", "off", "y", "n", "Yes", "true", "True", "FALSE", "null", "Null", "~", "NULL", "undefined"],
  ...[
    "1",
    "-1",
    "+1",
    "1.0",
    ".5",
    "1.",
    "1e3",
    "1E+3",
    "0x1F",
    "0o17",
    "017",
    "0b1",
    "1_000",
    "1:30",
    "190:20:30",
    "-0",
  ],
  ...[".nan", ".NaN", ".inf", "-.inf", "+.INF", "NaN", "Infinity", "2020-01-01", "2020-01-01T00:00:00Z", "456"],
  ...[
    "-",
    "- a",
    "-a",
    "--",
    "---",
    "--- a",
    "...",
    "... a",
    "a\n---\nb",
    "a\n...\nb",
    "... a: b",
    "--- a: b",
    "...\t",
    "---\t|",
    "?",
    "? a",
    ":",
    ": a",
    "a:",
    "a: b",
    "a:b",
  ],
  ...[
    "#",
    "# a",
    "a # b",
    "a#b",
    "&",
    "&a",
    "*",
    "*a",
    "!",
    "!a",
    "!!str a",
    "|",
    "|-",
    ">",
    ">\n a",
    "%",
    "%YAML 1.2",
    "@a",
    "`a",
  ],
  ...[
    "[",
    "]",
    "[]",
    "[a",
    "{",
    "}",
    "{}",
    "{a: 1}",
    ",",
    "a, b",
    "'",
    "''",
    "'a'",
    '"',
    '""',
    '"a"',
    "\\",
    "\\n",
    "a\\",
    "a\\n",
    'a"',
    "<<",
    "=",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "x".repeat(200),
    `${"word ".repeat(60)}end`,
    "</script>",
  ],
];

const hostileString: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_STRINGS),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."\n\r\t :-#?&*!|>'\"%@`{}[],\\x0", "\ud800", "\udc00", "\u2028", "\ufeff") }),
);

/** What yaml ends and begins documents with, before any of them. */
const marked: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom("...", "---"), fc.constantFrom("", " ", "\t", "\n"), hostileString)
  .map((parts) => parts.join(""));

/** JSON data with strings of that kind, as values and as names, `__proto__` among them. */
export const hostileJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    hostileString,
    marked,
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.array(tie("value"), { maxLength: 5 }),
    fc
      .array(fc.tuple(fc.oneof({ weight: 4, arbitrary: hostileString }, marked), tie("value")), { maxLength: 5 })
      .map((entries) => Object.fromEntries(entries)),
  ),
})).value;
