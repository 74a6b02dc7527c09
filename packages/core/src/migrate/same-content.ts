import type { RecordHeader } from "../spi/index.js";

/** Whether two headers speak of the same value saved in the same way. Keys, versions and `created` may differ. */
export function sameContent(a: RecordHeader, b: RecordHeader): boolean {
  // Most that differ do so here, and then nothing has to be put in order.
  if (a.checksum !== b.checksum || a.modified !== b.modified) return false;
  return contentOf(a) === contentOf(b);
}

/** In which properties two headers differ, but for key, version and `created`. */
export function differences(a: RecordHeader, b: RecordHeader): string[] {
  const left: Readonly<Record<string, unknown>> = { ...a };
  const right: Readonly<Record<string, unknown>> = { ...b };
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  for (const name of ["key", "version", "created"]) names.delete(name);
  return [...names].filter((name) => canonicalJson(left[name]) !== canonicalJson(right[name])).sort();
}

function contentOf(header: RecordHeader): string {
  const { key: _key, version: _version, created: _created, ...content } = header;
  return canonicalJson(content);
}

/** JSON with properties in order: backends may give them back in another one. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  });
}
