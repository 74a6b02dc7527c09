import { CHUNK_BYTES, StorageError } from "@holdfast/core";
import type { Connection, SqlValue, Statement } from "../driver.js";

/** Where the bytes of an item come from. */
export type ItemBody =
  | { readonly from: "memory"; readonly bytes: Uint8Array }
  /** Chunks written before, and the last piece, of at most 1 MiB. */
  | { readonly from: "staging"; readonly staged: StagedBody; readonly tail: Uint8Array }
  /** Kept by the owner of the table, outside of it. */
  | { readonly from: "elsewhere" };

/** A body that is being collected, which no item points to yet. */
export interface StagedBody {
  /** The number of its row. */
  readonly id: number;
  /** Random; says whose it is, should the row be cleaned away and its number be used again. */
  readonly token: string;
  /** How many chunks it has. */
  readonly chunks: number;
}

/** What a row of `bodies` repeats of its item, and what goes with the bytes. */
export interface BodyFacts {
  readonly key: string;
  readonly modified: number;
  readonly expiration: number | null;
  /** Its search terms, one behind the other; empty for none. */
  readonly terms: string;
  /** Of its chunks, 32 bytes each; empty for a body of one piece. */
  readonly hashes: Uint8Array;
}

// The token of bodies that belong to nobody and wait to be freed.
const NOBODY = "";

/** The bodies of items: small ones in their row, larger ones in chunks. What writes expects a transaction. */
export class Bodies {
  /** Whether this connection knows of discarded bodies that `reclaim` has not freed yet. */
  hasDiscarded: boolean;
  readonly #insert: Statement<never>;
  readonly #update: Statement<never>;
  readonly #insertChunk: Statement<never>;
  readonly #stage: Statement<never>;
  readonly #touch: Statement<never>;
  readonly #unstage: Statement<never>;
  readonly #discard: Statement<never>;
  readonly #discardStale: Statement<never>;
  readonly #firstDiscarded: Statement<{ body: number }>;
  readonly #forget: Statement<never>;
  readonly #blank: Statement<never>;
  readonly #copy: Statement<never>;
  readonly #retire: Statement<never>;
  readonly #deleteBody: Statement<never>;
  readonly #deleteChunks: Statement<never>;

  constructor(connection: Connection) {
    const prepare = (sql: string): Statement<never> => connection.prepare(sql);
    this.#insert = prepare(
      "INSERT INTO bodies (key, modified, expires, terms, chunks, hashes, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    this.#update = prepare(
      "UPDATE bodies SET key = ?, modified = ?, expires = ?, terms = ?, chunks = ?, hashes = ?, bytes = ? WHERE id = ?",
    );
    this.#insertChunk = prepare("INSERT INTO chunks VALUES (?, ?, ?)");
    this.#stage = prepare("INSERT INTO staging VALUES (?, ?, ?)");
    this.#touch = prepare("UPDATE staging SET touched = ? WHERE body = ? AND token = ?");
    this.#unstage = prepare("DELETE FROM staging WHERE body = ? AND token = ?");
    this.#discard = prepare(`UPDATE staging SET token = '${NOBODY}' WHERE body = ? AND token = ?`);
    this.#discardStale = prepare(`UPDATE staging SET token = '${NOBODY}' WHERE touched < ?`);
    this.#firstDiscarded = connection.prepare(`SELECT body FROM staging WHERE token = '${NOBODY}' LIMIT 1`);
    this.#forget = prepare("DELETE FROM staging WHERE body = ?");
    this.#blank = prepare("UPDATE bodies SET key = NULL, terms = NULL, hashes = NULL WHERE id = ?");
    this.#copy = prepare("INSERT INTO bodies (chunks, hashes, bytes) SELECT 0, hashes, bytes FROM bodies WHERE id = ?");
    this.#retire = prepare("UPDATE bodies SET key = NULL, modified = NULL, expires = NULL, terms = NULL WHERE id = ?");
    this.#deleteBody = prepare("DELETE FROM bodies WHERE id = ?");
    this.#deleteChunks = prepare(
      "DELETE FROM chunks WHERE body = ? AND n IN (SELECT n FROM chunks WHERE body = ? ORDER BY n LIMIT ?)",
    );
    // What an earlier process left.
    this.hasDiscarded = false;
    this.lookForDiscarded();
  }

  /** Whether there are any, those included that other connections have discarded since. */
  lookForDiscarded(): boolean {
    this.hasDiscarded = this.#firstDiscarded.get() !== undefined;
    return this.hasDiscarded;
  }

  /** Stores a body in a new row, or in the row that its chunks were staged under, and returns the row's id. */
  add(facts: BodyFacts, body: ItemBody): number {
    if (body.from === "staging") return this.#adopt(facts, body.staged, body.tail);
    const id = this.#insert.run(...values(facts, body)).rowid;
    if (body.from === "memory") this.#addChunks(id, body.bytes);
    return id;
  }

  /** Puts a body in the place of one that has no chunks. */
  replace(id: number, facts: BodyFacts, body: Exclude<ItemBody, { from: "staging" }>): void {
    this.#update.run(...values(facts, body), id);
    if (body.from === "memory") this.#addChunks(id, body.bytes);
  }

  /** Copies a body that has no chunks into a new row, for a version that stands no more, and returns the row's id. */
  copy(id: number): number {
    return this.#copy.run(id).rowid;
  }

  /** Leaves a body, with its chunks, to a version that stands no more. */
  retire(id: number): void {
    this.#retire.run(id);
  }

  /** Deletes a body; chunks are left for `reclaim`, since a large body has more than one transaction should free. */
  remove(id: number, chunks: number): void {
    if (chunks === 0) this.#deleteBody.run(id);
    else {
      this.#blank.run(id);
      this.#stage.run(id, NOBODY, 0);
      this.hasDiscarded = true;
    }
  }

  /** Begins a body that no item points to. */
  stage(token: string, now: number): StagedBody {
    const { rowid: id } = this.#insert.run(null, null, null, null, 0, null, null);
    this.#stage.run(id, token, now);
    return { id, token, chunks: 0 };
  }

  /** Adds a chunk of 1 MiB. */
  extend({ id, token, chunks }: StagedBody, chunk: Uint8Array, now: number): StagedBody {
    requireOurs(this.#touch.run(now, id, token).changes);
    this.#insertChunk.run(id, chunks, chunk);
    return { id, token, chunks: chunks + 1 };
  }

  /** Gives up a staged body; nothing happens when it has been given up already. */
  discard({ id, token }: StagedBody): void {
    if (this.#discard.run(id, token).changes > 0) this.hasDiscarded = true;
  }

  /** Gives up every staged body that has not been touched since `time`. */
  discardStale(time: number): void {
    this.#discardStale.run(time);
    this.lookForDiscarded();
  }

  /** Frees at most so many chunks of discarded bodies. */
  reclaim(mostChunks: number): void {
    const first = this.#firstDiscarded.get();
    if (first !== undefined && this.#deleteChunks.run(first.body, first.body, mostChunks).changes < mostChunks) {
      this.#deleteBody.run(first.body);
      this.#forget.run(first.body);
    }
    this.lookForDiscarded();
  }

  #adopt(facts: BodyFacts, { id, token, chunks }: StagedBody, tail: Uint8Array): number {
    requireOurs(this.#unstage.run(id, token).changes);
    const { key, modified, expiration, terms, hashes } = facts;
    const all = tail.byteLength === 0 ? chunks : chunks + 1;
    if (tail.byteLength > 0) this.#insertChunk.run(id, chunks, tail);
    this.#update.run(key, modified, expiration, terms, all, orNull(hashes), null, id);
    return id;
  }

  #addChunks(id: number, bytes: Uint8Array): void {
    for (let n = 0; n < chunksOf(bytes); n++) {
      this.#insertChunk.run(id, n, bytes.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES));
    }
  }
}

/** How many chunk rows a body has; one of up to 1 MiB stays in its row. */
function chunksOf(bytes: Uint8Array): number {
  return bytes.byteLength <= CHUNK_BYTES ? 0 : Math.ceil(bytes.byteLength / CHUNK_BYTES);
}

function values(facts: BodyFacts, body: Exclude<ItemBody, { from: "staging" }>): SqlValue[] {
  const { key, modified, expiration, terms, hashes } = facts;
  const chunks = body.from === "memory" ? chunksOf(body.bytes) : 0;
  const inline = body.from === "memory" && chunks === 0 ? body.bytes : null;
  return [key, modified, expiration, terms, chunks, orNull(hashes), inline];
}

function orNull(bytes: Uint8Array): Uint8Array | null {
  return bytes.byteLength === 0 ? null : bytes;
}

function requireOurs(changes: number): void {
  if (changes > 0) return;
  throw new StorageError(
    "UNAVAILABLE",
    "this stream stood still for so long that a repair took its unfinished body away; write it again",
    { retryable: false },
  );
}
