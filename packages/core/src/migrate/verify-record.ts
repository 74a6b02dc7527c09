import type { Operation } from "../engine/failure.js";
import type { Internals } from "../engine/internals.js";
import { readVerified } from "../engine/streams.js";
import { StorageError } from "../errors.js";
import type { RecordHeader } from "../spi/index.js";

/** Whether two headers speak of the same value saved in the same way. Keys, versions and `created` may differ. */
export function sameContent(a: RecordHeader, b: RecordHeader): boolean {
  return fingerprint(a) === fingerprint(b);
}

/** Reads the item back from the destination, header and bytes; throws CORRUPT or NOT_FOUND when it is not what the source has. */
export async function verifyRecord(
  { session }: Internals,
  expected: RecordHeader,
  target: string,
  operation: Operation,
): Promise<void> {
  const found = await readVerified(session, operation, target);
  if (found === undefined) {
    throw new StorageError("NOT_FOUND", "it is not in the destination, although it was written there", { key: target });
  }
  if (!sameContent(expected, found)) {
    throw new StorageError(
      "CORRUPT",
      "the destination holds something else: it, or the source, was changed meanwhile",
      {
        key: target,
      },
    );
  }
}

function fingerprint(header: RecordHeader): string {
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
