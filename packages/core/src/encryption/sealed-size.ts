import { TAG_BYTES } from "../platform/crypto-platform.js";

/** Bytes of a value that are encrypted as one. */
export const PIECE_BYTES: number = 64 * 1024;
export const SEALED_PIECE: number = PIECE_BYTES + TAG_BYTES;

/** Stored bytes of a value of so many encoded ones. */
export function sealedSize(size: number): number {
  return size + TAG_BYTES * Math.max(1, Math.ceil(size / PIECE_BYTES));
}

/** Encoded bytes in so many stored ones; undefined where no value has that many. */
export function openedSize(storedSize: number): number | undefined {
  const size = storedSize - TAG_BYTES * Math.max(1, Math.ceil(storedSize / SEALED_PIECE));
  return Number.isSafeInteger(size) && size >= 0 && sealedSize(size) === storedSize ? size : undefined;
}
