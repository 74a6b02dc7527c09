import { createCipheriv, randomBytes } from "node:crypto";
import { join } from "node:path";
import { type KeyProvider, masterKeyId, openStorage, type StorageEngine } from "@holdfast/core";
import { memory } from "@holdfast/memory";
import { sqlite } from "@holdfast/sqlite";
import { holdfastFacts, openHoldfast, saveDocument } from "../contenders/holdfast.ts";
import { type Document, documentsFrom } from "../data/documents.ts";
import type { Workload } from "../harness/workload.ts";

const SAVES = 200;
const MIB = 2 ** 20;
const LARGE = 10;

const keys: KeyProvider = {
  name: "bench",
  async load() {
    const material = new Uint8Array(32).fill(7);
    const id = await masterKeyId(material);
    return { active: id, keys: [{ id, material }] };
  },
};

export const encryptedSave: Workload<readonly Document[]> = {
  id: "encrypted-save",
  title: "SQLite: durable save, encrypted",
  description:
    "Saves new documents of 1 KB, each awaited before the next, their values encrypted; held against the same save in plain.",
  unit: "save",
  operations: SAVES,
  rounds: 40,
  warmups: 6,
  populations: [],
  input: (round) => documentsFrom(round * SAVES, SAVES),
  results: (documents) => documents.length,
  async open({ directory }) {
    const encrypted = await openStorage(sqlite({ path: join(directory, "encrypted.db") }), { encryption: { keys } });
    const plain = await openHoldfast(join(directory, "plain.db"));
    const saving = (storage: StorageEngine) => (documents: readonly Document[]) => async () => {
      for (const document of documents) await saveDocument(storage, document);
      return documents.length;
    };
    return [
      {
        ...holdfastFacts,
        name: "Holdfast, sqlite(), encrypted",
        durability: "media",
        note: "a fresh key for each value, wrapped under the master key; header authenticated",
        prepare: saving(encrypted),
        close: () => encrypted.close(),
      },
      {
        id: "plain",
        name: "Holdfast, sqlite()",
        role: "limit",
        durability: "media",
        note: "the same save without encryption",
        prepare: saving(plain),
        close: () => plain.close(),
      },
    ];
  },
};

export const encryptLarge: Workload<readonly Uint8Array[]> = {
  id: "encrypt-large",
  title: "Encryption: 1 MiB",
  description:
    "What encryption adds to a save of 1 MiB in memory: each value is saved in plain and encrypted in turn, and the difference is counted. Held against one call of node's own AES-256-GCM over the same bytes.",
  unit: "MiB",
  operations: LARGE,
  rounds: 40,
  warmups: 8,
  populations: [],
  input: () => Array.from({ length: LARGE }, () => randomBytes(MIB)),
  results: (values) => values.length,
  async open() {
    const storage = await openStorage(memory(), { encryption: { keys } });
    return [
      {
        ...holdfastFacts,
        name: "Holdfast",
        note: "16 pieces of 64 KiB, each with its tag; the checksum of the stored bytes costs the same in plain",
        prepare: (values) => async () => {
          let milliseconds = 0;
          for (const value of values) {
            const start = performance.now();
            await storage.save("large", value, { encrypt: false });
            const between = performance.now();
            await storage.save("large", value);
            milliseconds += performance.now() - between - (between - start);
          }
          return { results: values.length, milliseconds };
        },
        close: () => storage.close(),
      },
      {
        id: "aes-gcm",
        name: "node:crypto",
        role: "limit",
        note: "`createCipheriv`, `update`, `final`, `getAuthTag`; no copy, no key derived, no piece",
        prepare: (values) => () => {
          const [key, nonce] = [randomBytes(32), randomBytes(12)];
          for (const value of values) {
            const cipher = createCipheriv("aes-256-gcm", key, nonce);
            cipher.update(value);
            cipher.final();
            cipher.getAuthTag();
          }
          return values.length;
        },
        close: () => undefined,
      },
    ];
  },
};
