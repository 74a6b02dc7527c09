import type { OperationOptions, StorageEngine } from "@holdfast/core";
import { splitMark } from "./split-mark.js";

/** What items were written under, by their headers alone. */
export interface SchemaCounts {
  /** By name, then by version, both in order. */
  collections: { name: string; versions: { [version: string]: number } }[];
  /** Items that belong to no collection, or were saved past it. */
  without: number;
}

export async function countSchemas(
  storage: StorageEngine,
  prefix: string,
  options: OperationOptions,
): Promise<SchemaCounts> {
  const names = new Map<string, Map<string, number>>();
  let without = 0;
  for await (const { schema } of storage.scan(prefix, options)) {
    if (schema === undefined) {
      without++;
      continue;
    }
    const { name, version } = splitMark(schema);
    const versions = names.get(name) ?? new Map<string, number>();
    versions.set(version, (versions.get(version) ?? 0) + 1);
    names.set(name, versions);
  }
  const collections = [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, versions]) => ({ name, versions: Object.fromEntries([...versions].sort(byVersion)) }));
  return { collections, without };
}

/** Number by number: 1.9 before 1.10. */
function byVersion([a]: [string, number], [b]: [string, number]): number {
  return new Intl.Collator("en", { numeric: true }).compare(a, b);
}
