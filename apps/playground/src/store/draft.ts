import type { JsonObject, SaveOptions, StorageEngine, StorageItem } from "@holdfast/core";
import type { Detail } from "./detail.ts";

type ContentKind = "text" | "json";

/** What the form holds, as it was typed. */
export interface Draft {
  readonly key: string;
  readonly kind: ContentKind;
  readonly content: string;
  readonly tags: readonly string[];
  readonly metadata: string;
}

export type DraftField = "key" | "content" | "metadata";

/** What is wrong with a field. */
export class DraftError extends Error {
  readonly field: DraftField;

  constructor(field: DraftField, message: string) {
    super(message);
    this.field = field;
  }
}

export function newDraft(): Draft {
  return { key: "notes/", kind: "text", content: "", tags: [], metadata: "" };
}

export function draftOf({ item, data }: Detail): Draft {
  const { key, tags, metadata } = item;
  const kind = typeof data === "string" ? "text" : "json";
  return {
    key,
    kind,
    content: typeof data === "string" ? data : data instanceof Uint8Array ? "" : JSON.stringify(data, null, 2),
    tags,
    metadata: Object.keys(metadata).length === 0 ? "" : JSON.stringify(metadata, null, 2),
  };
}

export function sameDraft(one: Draft, other: Draft): boolean {
  return (
    one.key === other.key &&
    one.kind === other.kind &&
    one.content === other.content &&
    one.metadata === other.metadata &&
    one.tags.length === other.tags.length &&
    one.tags.every((tag, index) => tag === other.tags[index])
  );
}

/**
 * Saves the draft of a new item, or of one that was read as `before`, provided that it still stands so; otherwise CONFLICT.
 * Bytes stay as they are. Throws DraftError for what cannot be understood.
 */
export async function saveDraft(
  storage: StorageEngine,
  draft: Draft,
  before: Detail | undefined,
  ifVersion: string | null,
): Promise<StorageItem> {
  const { key, tags } = draft;
  if (key === "" || key.endsWith("/")) throw new DraftError("key", "Give the item a name behind the slash.");
  const options: SaveOptions = { tags: [...tags], metadata: parseMetadata(draft.metadata), ifVersion };
  if (before !== undefined) {
    const { format, expiration } = before.item;
    options.format = format;
    if (expiration !== undefined) options.expiration = expiration;
  }
  return storage.save(key, before?.data instanceof Uint8Array ? before.data : contentOf(draft), options);
}

function contentOf({ kind, content }: Draft): unknown {
  if (kind === "text") return content;
  if (content.trim() === "") throw new DraftError("content", "JSON is never empty: write null for nothing.");
  return parse("content", content);
}

function parseMetadata(text: string): JsonObject {
  if (text.trim() === "") return {};
  const value = parse("metadata", text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DraftError("metadata", 'Metadata is a JSON object, such as { "stars": 3 }.');
  }
  return value as JsonObject;
}

function parse(field: DraftField, text: string): unknown {
  try {
    return JSON.parse(text, refuseInfinity);
  } catch (error) {
    throw new DraftError(field, `This is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

// Of a number that is too large for it JavaScript makes an infinite one, which no JSON can hold.
function refuseInfinity(name: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new RangeError(name === "" ? "the number is too large" : `the number at "${name}" is too large`);
}
