import { type FileHandle, open, readFile, rm, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import type { MigrationJournal } from "@holdfast/core";
import { syncFolder, writeAll } from "../tree/write-file.js";

/** A journal in a file of its own: a line for each entry, forced to the disk before `append` resolves. */
export class JournalFile implements MigrationJournal {
  readonly #file: string;
  #handle: FileHandle | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async *read(): AsyncGenerator<string> {
    const bytes = await readFile(this.#file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return Buffer.alloc(0);
      throw error;
    });
    const end = bytes.lastIndexOf("\n") + 1;
    // What a crash left of a last line: the next one must not be written behind it.
    if (end < bytes.length) await truncate(this.#file, end);
    for (const line of bytes.toString("utf8", 0, end).split("\n")) if (line !== "") yield line;
  }

  async append(line: string): Promise<void> {
    const isNew = this.#handle === undefined;
    this.#handle ??= await open(this.#file, "a");
    await writeAll(this.#handle, Buffer.from(`${line}\n`));
    await this.#handle.datasync();
    if (isNew) await syncFolder(dirname(this.#file));
  }

  async clear(): Promise<void> {
    await this.close();
    await rm(this.#file, { force: true });
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
