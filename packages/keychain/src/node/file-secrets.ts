import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { StorageError } from "@holdfast/core";
import { randomBytes } from "../master-keys.js";
import { checkName, type SecretStore } from "../secret-store.js";

const EXTENSION = ".secret";

/**
 * One file for each secret, readable for its owner alone, which is no protection from who has the disk: it is for sealed keys,
 * by `passphraseKeys`. A file appears whole or not at all.
 */
export function fileSecrets({ directory }: { directory: string }): SecretStore {
  if (typeof directory !== "string" || directory === "") {
    throw new StorageError("INVALID_OPTION", "directory is the path of a directory");
  }
  const pathOf = (name: string) => {
    checkName("the name of a secret", name);
    return join(directory, Buffer.from(name).toString("base64url") + EXTENSION);
  };
  return {
    name: "files",
    get: (name) => unlessAbsent(() => readFile(pathOf(name), "utf8"), undefined),
    async set(name, secret) {
      const path = pathOf(name);
      await done(mkdir(directory, { recursive: true, mode: 0o700 }));
      await done(writeWhole(path, secret, directory));
    },
    delete: (name) =>
      unlessAbsent(async () => {
        await rm(pathOf(name));
        return true;
      }, false),
    async names() {
      const files = await unlessAbsent(() => readdir(directory), []);
      return files
        .filter((file) => file.endsWith(EXTENSION))
        .map((file) => Buffer.from(file.slice(0, -EXTENSION.length), "base64url").toString())
        .sort();
    },
  };
}

async function writeWhole(path: string, content: string, directory: string): Promise<void> {
  const temp = `${path}.${Buffer.from(randomBytes(6)).toString("hex")}.tmp`;
  try {
    const file = await open(temp, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temp, path);
  } catch (error) {
    await rm(temp, { force: true });
    throw error;
  }
  // Windows keeps no handle of a directory that could be synced.
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function unlessAbsent<T>(work: () => Promise<T>, absent: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return absent;
    throw failed(error);
  }
}

async function done(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    throw failed(error);
  }
}

function failed(cause: unknown): StorageError {
  if (StorageError.is(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError("UNAVAILABLE", `the files of secrets cannot be used: ${reason}`, { retryable: false, cause });
}
