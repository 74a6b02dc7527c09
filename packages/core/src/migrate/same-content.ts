import { canonicalJson } from "../encryption/canonical-json.js";
import type { RecordHeader } from "../spi/index.js";

/** Whether two headers speak of the same value saved in the same way. Keys, versions and `created` may differ. */
export function sameContent(a: RecordHeader, b: RecordHeader): boolean {
  // Most that differ do so here, and then nothing has to be put in order.
  if (a.checksum !== b.checksum || a.modified !== b.modified) return false;
  return canonicalJson(contentOf(a)) === canonicalJson(contentOf(b));
}

/** In which properties two headers differ, but for key, version and `created`. */
export function differences(a: RecordHeader, b: RecordHeader): string[] {
  return differencesBetween(contentOf(a), contentOf(b));
}

/** Which properties of two objects of JSON differ. */
export function differencesBetween(a: object, b: object): string[] {
  const left: Readonly<Record<string, unknown>> = { ...a };
  const right: Readonly<Record<string, unknown>> = { ...b };
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].filter((name) => textOf(left[name]) !== textOf(right[name])).sort();
}

function contentOf({ encryption, ...header }: RecordHeader): object {
  const { key: _key, version: _version, created: _created, ...content } = header;
  // The wrap changes with the master key, the MAC with the version; the value is the one with this id.
  return { ...content, encryption: encryption && { id: encryption.id, realm: encryption.realm } };
}

function textOf(value: unknown): string | undefined {
  return value === undefined ? undefined : canonicalJson(value);
}
