import { canonicalJson } from "../encryption/canonical-json.js";
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
  if (!sameContent(expected, found) && !isResealed(expected, found)) {
    throw new StorageError(
      "CORRUPT",
      "the destination holds something else: it, or the source, was changed meanwhile",
      {
        key: target,
      },
    );
  }
}

/** Whether one may be the other, encrypted anew. Its bytes tell nothing, but only who has the key can have written them. */
function isResealed(expected: RecordHeader, found: RecordHeader): boolean {
  if (expected.encryption === undefined || found.encryption === undefined) return false;
  if (expected.encryption.id === found.encryption.id) return false;
  const facts = ({ format, compression, size, modified, expiration, schema }: RecordHeader) =>
    canonicalJson({ format, compression, size, modified, expiration, schema });
  return facts(expected) === facts(found);
}

function fingerprint({ encryption, ...header }: RecordHeader): string {
  const { key: _key, version: _version, created: _created, ...content } = header;
  // The wrap changes with the master key, the MAC with the version; the value is the one with this id.
  return canonicalJson({ ...content, encryption: encryption && { id: encryption.id, realm: encryption.realm } });
}
