import { checksumOf } from "../codec/checksum.js";
import { withoutKeys } from "../codec/decode-value.js";
import { type Decryption, decodeStream, encodeStream, orDiscard, verifiedChunks } from "../codec/stream.js";
import type { ByteSource } from "../contract/storage-engine.js";
import type {
  Awaitable,
  BodyWriter,
  Expectation,
  PutCondition,
  PutOutcome,
  RecordHeader,
  StoredStream,
  Version,
} from "../spi/index.js";
import { callersBytes, checkSource } from "./callers-bytes.js";
import type { BodilessRecord } from "./draft.js";
import { type Operation, toStorageError } from "./failure.js";
import { checkSubject } from "./items.js";
import { largestBody } from "./largest-body.js";
import { readRecord, streamReader, type Wanted } from "./read-version.js";
import type { Session } from "./session.js";
import { countBytes } from "./tally.js";
import { vaultFor } from "./vault-for.js";
import type { CheckedSave } from "./write-options.js";
import { askToPut, tooLarge, versioned, writeRecord } from "./write-record.js";
import type { Turn } from "./write-turns.js";

/** Stores bytes as they come; nothing is seen of them before the last is stored. */
export async function saveStream(
  session: Session,
  operation: Operation,
  key: string,
  source: ByteSource,
  options: CheckedSave,
): Promise<RecordHeader> {
  const { compress = session.settings.compress, metadata = {}, expiration = null, tags = [], expect } = options;
  checkSource(source);
  const draft = { key, tags, metadata, expiration };
  const vault = vaultFor(session, options.encrypt);
  const bytes = callersBytes(source, operation.signal);
  const sealing =
    vault &&
    (await orDiscard(bytes, () =>
      vault.sealStream(draft, { format: "binary" }, (complete) => versioned(session, complete)),
    ));
  const { chunks, facts } = encodeStream(bytes, { compress, encryption: sealing?.encryption });
  return storeStream(session, operation, key, chunks, expect, async () => {
    const encoded = { format: "binary" as const, ...(await facts()) };
    return sealing === undefined ? versioned(session, { ...draft, encoded }) : sealing.recordOf(encoded);
  });
}

/** Stores bytes that another store holds, each chunk verified on the way. */
export function copyStream(
  session: Session,
  operation: Operation,
  record: BodilessRecord,
  expect: Expectation,
  { header, chunkHashes, body }: StoredStream,
): Promise<RecordHeader> {
  const chunks = verifiedChunks(header, chunkHashes, body);
  return storeStream(session, operation, record.header.key, chunks, expect, async () => record);
}

/** The decoded bytes of an item, verified as they are read. */
export async function loadStream(
  session: Session,
  operation: Operation,
  wanted: Wanted,
): Promise<ReadableStream<Uint8Array> | undefined> {
  const stream = await openStream(session, operation, wanted);
  if (stream === undefined) return undefined;
  const decryption = await decryptionOf(session, stream);
  // What is found wrong while the stream is read names the key as its reader knows it.
  const header = { ...stream.header, key: operation.key ?? wanted.key };
  return decodeStream(header, stream.chunkHashes, stream.body, decryption);
}

/** Reads the stored bytes of an item, or of one version of it, through and compares them with its checksum. Throws CORRUPT. */
export async function readVerified(
  session: Session,
  operation: Operation,
  key: string,
  version?: Version,
): Promise<RecordHeader | undefined> {
  const stream = await openStream(session, operation, { key, version });
  if (stream === undefined) return undefined;
  for await (const _ of verifiedChunks(stream.header, stream.chunkHashes, stream.body)) session.checkWanted(operation);
  return stream.header;
}

/** The same, and decrypts them where there are keys. Throws DECRYPT_FAILED and KEY_MISSING as well. */
export async function readThrough(
  session: Session,
  operation: Operation,
  wanted: Wanted,
): Promise<RecordHeader | undefined> {
  const opened = await openEncoded(session, operation, wanted, session.vault !== undefined);
  if (opened === undefined) return undefined;
  for await (const _ of opened.bytes) session.checkWanted(operation);
  return opened.header;
}

/** The encoded bytes of a record, verified, and decrypted where they are encrypted, as they are read. */
export async function openEncoded(
  session: Session,
  operation: Operation,
  wanted: Wanted,
  decrypt = true,
): Promise<{ readonly header: RecordHeader; readonly bytes: AsyncIterable<Uint8Array> } | undefined> {
  const stream = await openStream(session, operation, wanted);
  if (stream === undefined) return undefined;
  const { header, chunkHashes, body } = stream;
  const decryption = decrypt ? await decryptionOf(session, stream) : undefined;
  const chunks = verifiedChunks(header, chunkHashes, body);
  return { header, bytes: decryption?.open(chunks) ?? chunks };
}

/** Undefined where nothing is encrypted. Lets go of the body when it throws. */
async function decryptionOf({ vault }: Session, { header, body }: StoredStream): Promise<Decryption | undefined> {
  if (header.encryption === undefined && !vault?.required) return undefined;
  return orDiscard(body, () => {
    if (vault === undefined) throw withoutKeys(header);
    return vault.opener(header);
  });
}

/** An adapter that does not stream is read whole; what is wrong with the body shows when it is read, as everywhere. */
async function openStream(session: Session, operation: Operation, wanted: Wanted): Promise<StoredStream | undefined> {
  const open = streamReader(session, operation, wanted);
  if (open === undefined) {
    const record = await readRecord(session, operation, wanted);
    if (record === undefined) return undefined;
    const { chunkHashes } = await checksumOf(record.body);
    return { header: record.header, chunkHashes, body: single(record.body) };
  }
  const stream = await open();
  if (stream === undefined) return undefined;
  const body = withStorageErrors(session, operation, stream.body);
  await orDiscard(body, () => checkSubject(stream.header, wanted.key, wanted.version));
  countBytes(operation, stream.header.storedSize);
  return { ...stream, body };
}

/** Writes chunks as they come, and then the record that they belong to. */
export async function storeStream(
  session: Session,
  operation: Operation,
  key: string,
  chunks: AsyncIterable<Uint8Array>,
  expect: Expectation,
  recordOf: () => Promise<BodilessRecord>,
): Promise<RecordHeader> {
  const { adapter } = session;
  const writer = await openWriter(session, operation, key, chunks);
  try {
    let size = 0;
    const most = largestBody(adapter);
    for await (const chunk of chunks) {
      size += chunk.length;
      countBytes(operation, chunk.length);
      if (size > most) throw tooLarge(adapter.name, most);
      session.checkWanted(operation);
      await writer.write(chunk);
    }
    session.checkWanted(operation);
    const record = await recordOf();
    // Behind what was called for its key by now, however long that takes to encode.
    return await session.writes.turn([key], undefined, (_, turn) => {
      session.checkWanted(operation);
      return writeRecord(session, operation, record, expect, async (each, condition) =>
        writer.commit(each, condition, turn),
      );
    });
  } catch (error) {
    // What went wrong first is what the caller has to know, whatever else does.
    await Promise.allSettled([(async () => writer.abort())()]);
    throw error;
  }
}

async function openWriter(
  session: Session,
  operation: Operation,
  key: string,
  chunks: AsyncIterable<Uint8Array>,
): Promise<BodyWriter | BufferedWriter> {
  try {
    session.checkWanted(operation);
    const writer = await session.adapter.writeStream?.(key, { signal: operation.signal });
    return writer ?? new BufferedWriter(session, operation);
  } catch (error) {
    await chunks[Symbol.asyncIterator]().return?.();
    throw error;
  }
}

/** For adapters that do not stream: holds the body until it is complete, which is no more than they take. */
class BufferedWriter {
  readonly #session: Session;
  readonly #operation: Operation;
  #chunks: Uint8Array[] = [];
  #size = 0;

  constructor(session: Session, operation: Operation) {
    this.#session = session;
    this.#operation = operation;
  }

  write(chunk: Uint8Array): void {
    this.#size += chunk.length;
    this.#chunks.push(chunk);
  }

  commit(record: BodilessRecord, condition: PutCondition, turn: Turn): Awaitable<PutOutcome> {
    const { adapter } = this.#session;
    const { signal } = this.#operation;
    const body = new Uint8Array(this.#size);
    let at = 0;
    for (const chunk of this.#chunks) {
      body.set(chunk, at);
      at += chunk.length;
    }
    const put = () => adapter.put({ ...record, body }, condition, { signal });
    return askToPut(this.#session, this.#operation, turn, record, condition.expect, put);
  }

  abort(): void {
    this.#chunks = [];
  }
}

async function* single(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body;
}

/** A stream is read after the operation that opened it: its errors go through the funnel on their own. */
function withStorageErrors(
  session: Session,
  operation: Operation,
  body: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const funnelled = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      throw toStorageError(error, operation, session.adapter);
    }
  };
  return {
    // Not a generator: one that was never begun would not pass on that it is returned.
    [Symbol.asyncIterator]() {
      const iterator = body[Symbol.asyncIterator]();
      return {
        next: () => funnelled(() => iterator.next()),
        return: () => funnelled(async () => iterator.return?.() ?? { done: true, value: undefined }),
      };
    },
  };
}
