import { cryptoPlatform } from "#crypto";
import { chain, isPromise } from "../awaitable.js";
import { rechunk } from "../codec/rechunk.js";
import type { Format } from "../contract/storage-item.js";
import { StorageError } from "../errors.js";
import { type AesGcm, TAG_BYTES } from "../platform/crypto-platform.js";
import type { Awaitable, RecordHeader } from "../spi/index.js";
import { joined, lengthAndText, utf8 } from "./byte-fields.js";
import type { Binding } from "./data-key.js";
import { refused } from "./format.js";
import { openedSize, PIECE_BYTES, SEALED_PIECE, sealedSize } from "./sealed-size.js";

const FORMATS: Readonly<Record<Format, number>> = { json: 1, yaml: 2, binary: 3 };

const LABEL: Uint8Array = utf8("holdfast/1 chunk");

/** What every piece of a value is bound to, beside its place. */
export interface PieceBinding extends Binding {
  /** The key in the store. */
  readonly path: string;
  readonly format: Format;
  readonly compression: RecordHeader["compression"];
}

/** Encrypts and decrypts the pieces of one value. */
export class PieceCipher {
  readonly #aes: AesGcm;
  /** The additional data, with room for the place at its end. */
  readonly #binding: Uint8Array;

  private constructor(aes: AesGcm, { realm, path, id, format, compression }: PieceBinding) {
    this.#aes = aes;
    const codec = new Uint8Array([FORMATS[format], compression === null ? 0 : 1]);
    const place = new Uint8Array(5);
    this.#binding = joined(LABEL, lengthAndText(realm), lengthAndText(path), id, codec, place);
  }

  static of(content: Uint8Array, binding: PieceBinding): Awaitable<PieceCipher> {
    return chain(cryptoPlatform.aesGcm(content), (aes) => new PieceCipher(aes, binding));
  }

  /** The stored bytes of a value that is whole. */
  sealWhole(plain: Uint8Array): Awaitable<Uint8Array> {
    const body = new Uint8Array(sealedSize(plain.length));
    const pieces = Math.max(1, Math.ceil(plain.length / PIECE_BYTES));
    const sealed = oneByOne(pieces, (index) => {
      const part = plain.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES);
      const start = index * SEALED_PIECE;
      return this.#seal(body.subarray(start, start + part.length + TAG_BYTES), part, index, index === pieces - 1);
    });
    return chain(sealed, () => body);
  }

  /** The encoded bytes of a stored body. Throws DECRYPT_FAILED. */
  openWhole(header: RecordHeader, body: Uint8Array): Awaitable<Uint8Array> {
    const size = openedSize(body.length);
    if (size === undefined) throw refused(header, `no value has ${body.length} stored bytes`);
    const plain = new Uint8Array(size);
    const pieces = Math.ceil(body.length / SEALED_PIECE);
    const opened = oneByOne(pieces, (index) => {
      const sealed = body.subarray(index * SEALED_PIECE, (index + 1) * SEALED_PIECE);
      const target = plain.subarray(index * PIECE_BYTES, (index + 1) * PIECE_BYTES);
      return this.#open(header, target, sealed, index, index === pieces - 1);
    });
    return chain(opened, () => plain);
  }

  /** The same for bytes as they come, in flat memory. */
  async *sealStream(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let held: Uint8Array = new Uint8Array(0);
    let index = -1;
    const sealed = async (last: boolean) => {
      const target = new Uint8Array(held.length + TAG_BYTES);
      await this.#seal(target, held, Math.max(0, index), last);
      return target;
    };
    // One is held back: whether it is the last shows when the next one comes.
    for await (const piece of rechunk(source, PIECE_BYTES)) {
      if (index >= 0) yield await sealed(false);
      held = piece;
      index++;
    }
    yield await sealed(true);
  }

  /** The same for bytes as they come, of a body whose end the caller checks. Throws DECRYPT_FAILED. */
  async *openStream(header: RecordHeader, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces = Math.ceil(header.storedSize / SEALED_PIECE);
    let index = 0;
    for await (const sealed of rechunk(body, SEALED_PIECE)) {
      if (sealed.length < TAG_BYTES) throw refused(header, "its last piece is cut short");
      const plain = new Uint8Array(sealed.length - TAG_BYTES);
      await this.#open(header, plain, sealed, index, index === pieces - 1);
      index++;
      if (plain.length > 0) yield plain;
    }
    if (index !== pieces) throw refused(header, "pieces of it are missing");
  }

  #seal(target: Uint8Array, plain: Uint8Array, index: number, last: boolean): Awaitable<void> {
    const { nonce, additional } = this.#place(index, last);
    return this.#aes.seal(target, nonce, additional, plain);
  }

  #open(header: RecordHeader, target: Uint8Array, sealed: Uint8Array, index: number, last: boolean): Awaitable<void> {
    const { nonce, additional } = this.#place(index, last);
    return chain(this.#aes.open(target, nonce, additional, sealed), (authentic) => {
      if (!authentic) throw refused(header, `its bytes from ${index * PIECE_BYTES} on were changed`);
    });
  }

  #place(index: number, last: boolean): { nonce: Uint8Array; additional: Uint8Array } {
    if (index >= 2 ** 32) throw new StorageError("QUOTA_EXCEEDED", "an encrypted value has less than 256 TiB");
    const nonce = new Uint8Array(12);
    const view = new DataView(nonce.buffer);
    view.setUint32(7, index);
    view.setUint8(11, last ? 1 : 0);
    const additional = this.#binding.slice();
    additional.set(nonce.subarray(7), additional.length - 5);
    return { nonce, additional };
  }
}

/** Without a promise as long as the steps need none. */
function oneByOne(count: number, step: (index: number) => Awaitable<void>, from = 0): Awaitable<void> {
  for (let index = from; index < count; index++) {
    const done = step(index);
    if (isPromise(done)) return done.then(() => oneByOne(count, step, index + 1));
  }
}
