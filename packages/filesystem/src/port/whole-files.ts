import type { FileSystemPort } from "./file-system-port.js";

const MiB = 2 ** 20;

/** Writes every byte; the system may take fewer at a time, as it does on a disk that is all but full. */
export function writeAll(port: FileSystemPort, descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength; ) {
    const written = port.write(descriptor, bytes.subarray(offset));
    // Nothing, and no error: no second try would go better.
    if (written <= 0) throw Object.assign(new Error("ENOSPC: the disk takes no more bytes"), { code: "ENOSPC" });
    offset += written;
  }
}

/** A new file with these bytes, on the medium once this returns, its name aside. What was begun is removed again on failure. */
export function writeNewFile(port: FileSystemPort, path: string, bytes: Uint8Array): void {
  const descriptor = port.openNew(path);
  try {
    finish(port, descriptor, () => {
      writeAll(port, descriptor, bytes);
      port.fsync(descriptor);
    });
  } catch (error) {
    discard(port, path);
    throw error;
  }
}

/** Every byte that an open file has behind `position`, at most `limit`. */
export function readAll(port: FileSystemPort, descriptor: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  const length = readFully(port, descriptor, bytes, 0);
  return length === size ? bytes : bytes.subarray(0, length);
}

/** Fills `into` from a position on; returns how much there was. */
export function readFully(port: FileSystemPort, descriptor: number, into: Uint8Array, position: number): number {
  let length = 0;
  while (length < into.byteLength) {
    const read = port.read(descriptor, into.subarray(length), position + length);
    if (read === 0) break;
    length += read;
  }
  return length;
}

/** A copy on the medium, its name aside, in pieces that do not fill memory. */
export function copyFile(port: FileSystemPort, from: string, to: string): void {
  const source = port.openToRead(from);
  try {
    const target = port.openNew(to);
    try {
      finish(port, target, () => {
        const piece = new Uint8Array(MiB);
        for (let position = 0; ; ) {
          const length = readFully(port, source, piece, position);
          if (length === 0) break;
          writeAll(port, target, piece.subarray(0, length));
          position += length;
        }
        port.fsync(target);
      });
    } catch (error) {
      discard(port, to);
      throw error;
    }
  } finally {
    port.close(source);
  }
}

/** Runs `work` and closes the file whatever happens; an error of closing counts when there was no other. */
export function finish(port: FileSystemPort, descriptor: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    try {
      port.close(descriptor);
    } catch {
      // The first error says what went wrong.
    }
    throw error;
  }
  port.close(descriptor);
}

/** Removes what was begun, so far as that can be done. */
export function discard(port: FileSystemPort, path: string): void {
  try {
    port.unlink(path);
  } catch {
    // Left behind, it is found by the next scan.
  }
}
