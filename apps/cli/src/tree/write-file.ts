import { createHash, randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface WrittenFile {
  bytes: number;
  /** In hex. */
  sha256: string;
}

/** Writes beside `file`, forces the bytes to the disk, then takes the name: nobody sees half a file under it. */
export async function writeFileWhole(file: string, chunks: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const temporary = join(dirname(file), `.holdfast-${randomUUID()}.tmp`);
  try {
    const written = await writeDurably(temporary, chunks);
    await rename(temporary, file);
    return written;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Makes names that were added to a folder last. Windows has no such call and no need of it. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A write call may take less than it was given. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += (await handle.write(bytes, offset)).bytesWritten;
  }
}

async function writeDurably(file: string, chunks: AsyncIterable<Uint8Array>): Promise<WrittenFile> {
  const hash = createHash("sha256");
  let bytes = 0;
  const handle = await open(file, "wx");
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      await writeAll(handle, chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}
