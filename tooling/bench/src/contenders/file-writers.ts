import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFile as atomically } from "atomically";
import cacache from "cacache";
import Conf from "conf";
import writeFileAtomic from "write-file-atomic";
import type { Document } from "../data/documents.ts";
import type { Store } from "./store.ts";

/** A file for each document, by the library that is the field's habit for it. */
export function openWriteFileAtomic(directory: string): Store {
  return fileStore(directory, {
    id: "write-file-atomic",
    name: "write-file-atomic",
    durability: "media",
    note: "a file for each document: temp, fsync, rename; the directory is not fsynced, so a loss of power may take the name; a short write is taken for a whole one",
    write: (path, text) => writeFileAtomic(path, text),
  });
}

export function openAtomically(directory: string): Store {
  return fileStore(directory, {
    id: "atomically",
    name: "atomically",
    durability: "media",
    note: "as write-file-atomic: temp, fsync, rename, no fsync of the directory",
    write: (path, text) => atomically(path, text),
  });
}

/** What a careful author does by hand, synchronously. */
export function openRawFiles(directory: string): Store {
  return fileStore(directory, {
    id: "raw-files",
    name: "node:fs by hand",
    durability: "media",
    note: "synchronous: temp, write, fsync, rename, fsync of the directory",
    async write(path, text) {
      const temp = `${path}.tmp`;
      const file = openSync(temp, "w");
      try {
        for (let bytes: Uint8Array = Buffer.from(text); bytes.byteLength > 0; ) {
          bytes = bytes.subarray(writeSync(file, bytes));
        }
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temp, path);
      const parent = openSync(dirname(path), "r");
      try {
        fsyncSync(parent);
      } finally {
        closeSync(parent);
      }
    },
    read: (path) => Promise.resolve(readFileSync(path, "utf8")),
  });
}

export function openCacache(directory: string): Store {
  const save = ({ key, data }: Document) => cacache.put(directory, key, JSON.stringify(data));
  return {
    id: "cacache",
    name: "cacache",
    durability: "process",
    note: "content and index files without fsync; `get` verifies the content's hash",
    save,
    load: async (key) => JSON.parse((await cacache.get(directory, key)).data.toString("utf8")),
    async fill(documents) {
      for (const document of documents) await save(document);
    },
    close: async () => undefined,
  };
}

/** All values in one file, which each save writes anew: a new file every so many documents, or it would measure nothing else. */
export function openConf(directory: string, documentsInFile: number): Store {
  let saved = 0;
  let conf: Conf<Record<string, unknown>> | undefined;
  const save = async ({ key, data }: Document) => {
    if (conf === undefined || saved++ % documentsInFile === 0) {
      conf = new Conf({ cwd: directory, configName: `conf-${saved}`, accessPropertiesByDotNotation: false });
    }
    conf.set(key, data);
  };
  return {
    id: "conf",
    name: "conf",
    durability: "media",
    note: `one JSON file, written anew by each save (temp, fsync, rename); here a new one after every ${documentsInFile} documents`,
    save,
    load: async (key) => conf?.get(key),
    async fill(documents) {
      for (const document of documents) await save(document);
    },
    close: async () => undefined,
  };
}

interface FileStoreFacts extends Pick<Store, "id" | "name" | "durability" | "note"> {
  write(path: string, text: string): Promise<void>;
  read?(path: string): Promise<string>;
}

function fileStore(
  directory: string,
  { write, read = (path) => readFile(path, "utf8"), ...facts }: FileStoreFacts,
): Store {
  const made = new Set<string>();
  const pathOf = (key: string) => join(directory, `${key}.json`);
  const save = async ({ key, data }: Document) => {
    const path = pathOf(key);
    const parent = dirname(path);
    if (!made.has(parent)) {
      made.add(parent);
      await mkdir(parent, { recursive: true });
    }
    await write(path, JSON.stringify(data));
  };
  mkdirSync(directory, { recursive: true });
  return {
    ...facts,
    save,
    load: async (key) => JSON.parse(await read(pathOf(key))),
    async fill(documents) {
      for (const document of documents) await save(document);
    },
    close: async () => undefined,
  };
}
