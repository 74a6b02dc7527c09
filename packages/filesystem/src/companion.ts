import { isVersion, type JsonObject, parseJson, type RecordHeader } from "@holdfast/core";

/** What a companion says of one version of its data file. */
export interface CompanionEntry {
  /** The data file's name, in the companion's directory. */
  readonly file: string;
  /** Of the file's bytes, in hex: what `sha256sum` prints. */
  readonly sha256: string;
  readonly header: RecordHeader;
}

/** The file beside a data file that says what it is. */
export interface Companion {
  readonly key: string;
  readonly current: CompanionEntry;
  /** What stood before: while the data file is still that one, this is what holds. */
  readonly previous: CompanionEntry | undefined;
}

const FORMAT = 1;

export function writeCompanion({ key, current, previous }: Companion): Uint8Array {
  const entry = ({ file, sha256, header: { key: _, ...header } }: CompanionEntry) => ({ file, sha256, ...header });
  const content = { holdfast: FORMAT, key, ...entry(current), ...(previous && { previous: entry(previous) }) };
  return new TextEncoder().encode(`${JSON.stringify(content, undefined, 2)}\n`);
}

/** Undefined for what is no companion, or one that a later version wrote. */
export function readCompanion(bytes: Uint8Array): Companion | undefined {
  let content: unknown;
  try {
    content = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (!isObject(content) || content["holdfast"] !== FORMAT || typeof content["key"] !== "string") return undefined;
  const { holdfast: _, key, previous, ...rest } = content;
  const current = readEntry(key, rest);
  return current && { key, current, previous: isObject(previous) ? readEntry(key, previous) : undefined };
}

function readEntry(key: string, { file, sha256, ...rest }: Record<string, unknown>): CompanionEntry | undefined {
  if (typeof file !== "string" || typeof sha256 !== "string") return undefined;
  const header = { key, ...rest };
  return isHeader(header) ? { file, sha256, header } : undefined;
}

/** A person may have had it open in an editor: nothing in it is taken on trust. */
function isHeader(header: Record<string, unknown>): header is Record<string, unknown> & RecordHeader {
  const { version, size, storedSize, format, compression, created, modified, expiration, tags, metadata, checksum } =
    header;
  return (
    typeof version === "string" &&
    isVersion(version) &&
    [size, storedSize, created, modified].every((number) => Number.isSafeInteger(number)) &&
    (expiration === null || Number.isSafeInteger(expiration)) &&
    (format === "json" || format === "yaml" || format === "binary") &&
    (compression === null || compression === "gzip") &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === "string") &&
    isObject(metadata) &&
    typeof checksum === "string"
  );
}

function isObject(value: unknown): value is JsonObject & Record<string, unknown> & { key: string } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
