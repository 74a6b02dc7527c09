import { type RecordHeader, StorageError, type Version } from "@holdfast/core";
import type { Connection, Statement } from "../driver.js";
import { ITEM_COLUMNS, type ItemRow, plainBytes, toHeader } from "./rows.js";

/** An item, or a previous version of one, that is alive, and where its body is. */
export interface StoredItem {
  readonly header: RecordHeader;
  readonly hashes: Uint8Array;
  readonly body: StoredBody;
}

/** Where the bytes of an item are. */
export type StoredBody =
  | { readonly in: "memory"; readonly bytes: Uint8Array }
  | { readonly in: "chunks"; readonly id: number; readonly count: number }
  /** Kept by the owner of the table, outside of it. */
  | { readonly in: "elsewhere" };

interface JoinedRow extends ItemRow {
  /** Null when the row of the body is missing. */
  readonly chunks: number | null;
  readonly hashes: Uint8Array | null;
  readonly bytes: Uint8Array | null;
}

const LIVE = "(i.expires IS NULL OR i.expires > ?)";
const NO_HASHES = new Uint8Array();

/** Reads bodies, on any connection. For one body out of several statements the caller holds a transaction open. */
export class StoredBodies {
  readonly #connection: Connection;
  readonly #find: Statement<JoinedRow>;
  readonly #chunk: Statement<{ bytes: Uint8Array }>;
  #findVersion: Statement<JoinedRow> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#find = connection.prepare(`${joined("items")} WHERE i.key = ? AND ${LIVE}`);
    this.#chunk = connection.prepare("SELECT bytes FROM chunks WHERE body = ? AND n = ?");
  }

  /** The item, when it is alive at `now`. */
  find(key: string, now: number): StoredItem | undefined {
    return locate(this.#find.get(key, now));
  }

  /** The item where it has that version, or the previous version that was kept. */
  findVersion(key: string, version: Version, now: number): StoredItem | undefined {
    this.#findVersion ??= this.#connection.prepare(
      (["items", "history"] as const)
        .map((table) => `${joined(table)} WHERE i.key = ? AND i.version = ? AND ${LIVE}`)
        .join(" UNION ALL "),
    );
    return locate(this.#findVersion.get(key, version, now, key, version, now));
  }

  /** One chunk of a body, counted from 0. */
  chunk(key: string, id: number, n: number): Uint8Array {
    const row = this.#chunk.get(id, n);
    if (row === undefined) throw missing(key, `chunk ${n} of the body`);
    return plainBytes(row.bytes);
  }

  /** All chunks in one piece. */
  assemble(key: string, id: number, count: number): Uint8Array {
    const chunks = Array.from({ length: count }, (_, n) => this.chunk(key, id, n));
    const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0));
    let offset = 0;
    for (const chunk of chunks) {
      whole.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return whole;
  }
}

function joined(table: "items" | "history"): string {
  return `SELECT ${ITEM_COLUMNS}, b.chunks, b.hashes, b.bytes FROM ${table} i LEFT JOIN bodies b ON b.id = i.body`;
}

function locate(row: JoinedRow | undefined): StoredItem | undefined {
  if (row === undefined) return undefined;
  const { key, body, chunks, hashes, bytes } = row;
  if (chunks === null) throw missing(key, "the body");
  return {
    header: toHeader(row),
    hashes: hashes === null ? NO_HASHES : plainBytes(hashes),
    body: chunks > 0 ? { in: "chunks", id: body, count: chunks } : inRow(bytes),
  };
}

function inRow(bytes: Uint8Array | null): StoredBody {
  return bytes === null ? { in: "elsewhere" } : { in: "memory", bytes: plainBytes(bytes) };
}

function missing(key: string, what: string): StorageError {
  return new StorageError(
    "CORRUPT",
    `${what} of ${JSON.stringify(key)} is missing; restore it from a backup, or delete it`,
    {
      key,
    },
  );
}
