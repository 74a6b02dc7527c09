import { type FileHandle, open, rm, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import type { MigrationJournal } from "@holdfast/core";
import { CommandError, isSystemError } from "../failure.js";
import { syncFolder, writeAll } from "../tree/write-file.js";

/** As core begins the first line, but for the number of the layout. */
const BEGINNING = '{"journal":1,"id":{';

/** A journal in a file of its own: a line for each entry, forced to the disk before `append` resolves. */
export class JournalFile implements MigrationJournal {
  readonly #file: string;
  #handle: FileHandle | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Throws INVALID_OPTION where the file is there and no journal. */
  async check(): Promise<void> {
    await this.#bytes();
  }

  async *read(): AsyncGenerator<string> {
    const bytes = await this.#bytes();
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

  /** Of a journal alone: of no other file a byte may be lost. */
  async #bytes(): Promise<Buffer> {
    let handle: FileHandle;
    try {
      handle = await open(this.#file, "r");
    } catch (error) {
      if (isSystemError(error) && error.code === "ENOENT") return Buffer.alloc(0);
      throw error;
    }
    try {
      // The beginning first: a file of any size may have been named.
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0, 64, 0);
      const head = buffer.toString("latin1", 0, bytesRead).replace(/^\{"journal":\d+/, '{"journal":1');
      // A crash may have left less than that.
      if (head.startsWith(BEGINNING) || BEGINNING.startsWith(head)) return await handle.readFile();
      throw new CommandError(
        "INVALID_OPTION",
        `${this.#file} is no journal of a migration, and stays as it is`,
        "--journal with a file that is not there yet, or with the journal of this migration",
      );
    } finally {
      await handle.close();
    }
  }
}
