import type { StoredRecord } from "@holdfast/core";

/** What a record counts for: the bytes of its body, and two for each character of its key, tags and metadata. */
export function footprint({ header, body }: StoredRecord): number {
  const { key, tags, metadata } = header;
  // Most records have neither tags nor metadata, and writing out nothing would cost as much as storing the record.
  let characters = key.length;
  if (tags.length > 0) characters += JSON.stringify(tags).length;
  if (Object.keys(metadata).length > 0) characters += JSON.stringify(metadata).length;
  return body.byteLength + 2 * characters;
}
