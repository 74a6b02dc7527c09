/** A name that has escapes, as the text has it: from its first quote to behind its last. */
interface EscapedName {
  readonly start: number;
  readonly end: number;
}

/**
 * As `JSON.parse`, with every name as it was written. V8 13.6, which is Node 24's, takes a name that has escapes for one of an
 * object that it read before, when that one has as many characters and the text begins with them: after `{"a\\":1}` it reads
 * `{"a\n":1}` as `{"a\\":1}` again. So it is never shown an escape in a name. Throws SyntaxError.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!text.includes("\\")) return value;
  const names = escapedNames(text);
  return names.length === 0 ? value : parseWithoutEscapes(text, names);
}

/** The text is JSON, so that a backslash is always inside a string. Linear, whatever is in it. */
function escapedNames(text: string): EscapedName[] {
  const names: EscapedName[] = [];
  for (let slash = text.indexOf("\\"); slash !== -1; ) {
    const quote = closingQuote(text, slash);
    const end = quote + 1;
    if (isColonNext(text, end)) names.push({ start: text.lastIndexOf('"', slash), end });
    slash = text.indexOf("\\", end);
  }
  return names;
}

/** Of the string whose first backslash is at `slash`. */
function closingQuote(text: string, slash: number): number {
  let at = slash;
  let quote = slash;
  for (;;) {
    // What stands behind a backslash is no end, whatever it is.
    at += 2;
    if (quote < at) quote = text.indexOf('"', at);
    const next = text.indexOf("\\", at);
    if (next === -1 || next > quote) return quote;
    at = next;
  }
}

function isColonNext(text: string, at: number): boolean {
  let place = at;
  while (" \n\r\t".includes(text.charAt(place)) && place < text.length) place++;
  return text[place] === ":";
}

/** Puts names that nobody uses in the place of the escaped ones, and takes them out again. */
function parseWithoutEscapes(text: string, names: readonly EscapedName[]): unknown {
  let mark = "\ue000";
  while (text.includes(mark)) mark += "\ue000";
  const standIns = new Map<string, string>();
  const originals = new Map<string, string>();
  let marked = "";
  let from = 0;
  for (const { start, end } of names) {
    const written = text.slice(start, end);
    const standIn = standIns.get(written) ?? `${mark}${standIns.size}`;
    standIns.set(written, standIn);
    originals.set(standIn, JSON.parse(written) as string);
    marked += `${text.slice(from, start)}"${standIn}"`;
    from = end;
  }
  return JSON.parse(marked + text.slice(from), (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value);
    if (!entries.some(([name]) => originals.has(name))) return value;
    return Object.fromEntries(entries.map(([name, inner]) => [originals.get(name) ?? name, inner]));
  });
}
