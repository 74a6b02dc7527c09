import type { Comparison, JsonValue, Query, RecordHeader, Scalar } from "@holdfast/core";

// The rules of docs/search.md once more, as slowly and plainly as they read, sharing nothing with the package.

/** The keys that a query answers with, in order. */
export function modelSearch(headers: readonly RecordHeader[], query: Query): string[] {
  const { sort, offset = 0, limit = headers.length, text } = query;
  const terms = modelTokens(text ?? "");
  const found = headers.filter((header) => modelMatches(header, query));
  found.sort((a, b) => {
    const ties = comparePoints(a.key, b.key);
    if (sort !== undefined) return compareBy(sort, a, b) || ties;
    if (text === undefined) return ties;
    return countExact(b, terms) - countExact(a, terms) || b.modified - a.modified || ties;
  });
  return found.slice(offset, offset + limit).map((header) => header.key);
}

export function modelMatches(header: RecordHeader, query: Query): boolean {
  const { prefix = "", text, tags = [], where = {} } = query;
  return (
    header.key.startsWith(prefix) &&
    tags.every((tag) => header.tags.includes(tag)) &&
    (text === undefined || matchesText(header, text)) &&
    Object.entries(where).every(([path, wanted]) => meets(header.metadata, path, wanted))
  );
}

const SPACELESS = new RegExp(
  `^(?:${[
    ..."Han Hiragana Katakana Bopomofo Hangul Yi Tangut Nushu Khitan_Small_Script Thai Lao Khmer Myanmar Tibetan".split(
      " ",
    ),
    ..."Tai_Le New_Tai_Lue Tai_Tham Tai_Viet Ahom Balinese Javanese".split(" "),
  ]
    .map((script) => `\\p{Script=${script}}`)
    .join("|")}|[〆〱〲〳〴〵〼ーꧏ])$`,
  "u",
);

export function modelTokens(text: string): Set<string> {
  const points = [...text.normalize("NFKD")]
    .filter((point) => !/^(?:\p{M}|\u00ad|\u200c|\u200d|\u2060|\ufeff)$/u.test(point))
    .flatMap((point) => [...point.toLowerCase()])
    .map((point) => (point === "ς" ? "σ" : point));
  const kinds = points.map((point) => {
    if (!/^[\p{L}\p{N}]$/u.test(point)) return "gap";
    return SPACELESS.test(point) ? "spaceless" : "ordinary";
  });
  const tokens = new Set<string>();
  for (let start = 0; start < points.length; start++) {
    if (kinds[start] === "spaceless") {
      tokens.add(points.slice(start, kinds[start + 1] === "spaceless" ? start + 2 : start + 1).join(""));
    }
    if (kinds[start] === "ordinary" && kinds[start - 1] !== "ordinary") {
      const length = kinds.slice(start).findIndex((kind) => kind !== "ordinary");
      const word = points.slice(start, length === -1 ? undefined : start + length);
      tokens.add(word.slice(0, 128).join(""));
    }
  }
  return tokens;
}

function modelTerms(header: RecordHeader): Set<string> {
  const texts = [header.key, ...header.tags, ...stringsIn(header.metadata)];
  return new Set(texts.flatMap((text) => [...modelTokens(text)]));
}

/** Every string among the values, however deep. */
export function stringsIn(value: JsonValue): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

function matchesText(header: RecordHeader, text: string): boolean {
  const terms = [...modelTokens(text)];
  const tokens = [...modelTerms(header)];
  return terms.length > 0 && terms.every((term) => tokens.some((token) => token.startsWith(term)));
}

function countExact(header: RecordHeader, terms: ReadonlySet<string>): number {
  const tokens = modelTerms(header);
  return [...terms].filter((term) => tokens.has(term)).length;
}

/** The names in a path. Not through a pattern, since a dot counts only behind an even number of backslashes. */
function namesIn(path: string): string[] {
  const marked = path.replaceAll("\\\\", "\u0001").replaceAll("\\.", "\u0002");
  return marked.split(".").map((name) => name.replaceAll("\u0002", ".").replaceAll("\u0001", "\\"));
}

/** Whether the path is there, and every single value at its end. */
function look(value: JsonValue, [name, ...rest]: readonly string[]): { there: boolean; values: JsonValue[] } {
  if (name === undefined) return { there: true, values: single(value) };
  if (Array.isArray(value)) {
    const looks = value.map((element) => look(element, [name, ...rest]));
    return { there: looks.some(({ there }) => there), values: looks.flatMap(({ values }) => values) };
  }
  if (typeof value !== "object" || value === null) return { there: false, values: [] };
  const own = Object.entries(value).find(([property]) => property === name);
  return own === undefined ? { there: false, values: [] } : look(own[1], rest);
}

function single(value: JsonValue): JsonValue[] {
  return Array.isArray(value) ? value.flatMap(single) : [value];
}

function meets(root: JsonValue, path: string, wanted: Scalar | Comparison): boolean {
  const { there, values } = look(root, namesIn(path));
  if (typeof wanted !== "object" || wanted === null) return values.some((value) => value === wanted);
  const { exists, ...rest } = wanted;
  if (exists !== undefined && exists !== there) return false;
  if (Object.keys(rest).length === 0) return true;
  return values.some((value) => {
    const { gt, gte, lt, lte, in: among } = rest;
    return (
      (gt === undefined || (sameType(value, gt) && compareValues(value, gt) > 0)) &&
      (gte === undefined || (sameType(value, gte) && compareValues(value, gte) >= 0)) &&
      (lt === undefined || (sameType(value, lt) && compareValues(value, lt) < 0)) &&
      (lte === undefined || (sameType(value, lte) && compareValues(value, lte) <= 0)) &&
      (among === undefined || among.some((one) => one === value))
    );
  });
}

function sameType(value: JsonValue, operand: Scalar): value is Scalar {
  return typeof value === typeof operand;
}

function compareBy(sort: string, a: RecordHeader, b: RecordHeader): number {
  const descending = sort.startsWith("-");
  const field = descending ? sort.slice(1) : sort;
  const left = sortValue(a, field, descending);
  const right = sortValue(b, field, descending);
  if (left === undefined) return right === undefined ? 0 : 1;
  if (right === undefined) return -1;
  return descending ? compareValues(right, left) : compareValues(left, right);
}

function sortValue(header: RecordHeader, field: string, descending: boolean): Scalar | undefined {
  if (field === "expiration") return header.expiration ?? undefined;
  if (field === "key" || field === "created" || field === "modified" || field === "size") return header[field];
  const values = look(header.metadata, namesIn(field.slice("metadata.".length))).values;
  const sorted = values.filter((value) => value === null || typeof value !== "object").sort(compareValues);
  return descending ? sorted.at(-1) : sorted[0];
}

function compareValues(a: Scalar, b: Scalar): number {
  const types = ["number", "string", "boolean", "object"];
  if (typeof a !== typeof b) return types.indexOf(typeof a) - types.indexOf(typeof b);
  if (typeof a === "string") return comparePoints(a, String(b));
  return Number(a) - Number(b);
}

function comparePoints(a: string, b: string): number {
  const left = Array.from(a, (point) => point.codePointAt(0) ?? 0);
  const right = Array.from(b, (point) => point.codePointAt(0) ?? 0);
  const place = left.findIndex((point, index) => point !== right[index]);
  if (place === -1) return left.length - right.length;
  return (left[place] ?? 0) - (right[place] ?? -1);
}
