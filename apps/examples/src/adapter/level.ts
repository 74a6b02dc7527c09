import { resolve } from "node:path";
import {
  type Capabilities,
  checkDelete,
  checkWrite,
  compareKeys,
  isLive,
  parseJson,
  type RecordHeader,
  SPI_VERSION,
  type Standing,
  type StorageAdapter,
  type Version,
} from "@holdfast/core";
import { ClassicLevel } from "classic-level";

const capabilities: Capabilities = {
  durability: "media",
  compareAndSet: "process",
  batch: "none",
  query: "scan",
  watch: "none",
  changes: "none",
  history: "none",
  streams: "buffered",
  limits: { body: 2 ** 26, bufferedBody: 2 ** 26 }, // LevelDB is for small values: no more than has to be
};

const BODY = "b:";
const HEADER = "h:";
const LAST_VERSION = "v";
const bytes = { valueEncoding: "view" };

/** What stands under a key, from its JSON: a record's header, or the tombstone of a deleted one. */
function standingOf(text = "{}"): Standing {
  return { stored: undefined, tombstone: undefined, ...(parseJson(text) as Partial<Standing>) };
}

/** A process opens a database once, so the adapters of one location share it. */
interface Shared {
  db: ClassicLevel;
  users: number;
  turn: Promise<unknown>;
}

const databases = new Map<string, Shared>();

/** Keeps items in a LevelDB database in the directory `location`. */
export function level({ location }: { location: string }): StorageAdapter {
  const place = resolve(location);
  let shared: Shared;

  async function standing(key: string): Promise<Standing> {
    return standingOf(await shared.db.get(HEADER + key));
  }

  /** LevelDB cannot compare and write in one step: whoever does both waits until nobody else does. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = shared.turn.then(work);
    shared.turn = result.catch(() => undefined);
    return result;
  }

  /** Header, body and the greatest version: all or nothing, and on the disk when it resolves. */
  async function write(key: string, version: Version, entry: Partial<Standing>, body?: Uint8Array): Promise<void> {
    const last = (await shared.db.get(LAST_VERSION)) ?? "";
    const batch = shared.db.batch();
    batch.put(LAST_VERSION, version > last ? version : last);
    batch.put(HEADER + key, JSON.stringify(entry));
    if (body) batch.put<string, Uint8Array>(BODY + key, body, bytes);
    else batch.del(BODY + key);
    await batch.write({ sync: true });
  }

  return {
    name: "level",
    spi: SPI_VERSION,
    capabilities,
    async open() {
      shared = databases.get(place) ?? { db: new ClassicLevel(place), users: 0, turn: Promise.resolve() };
      databases.set(place, shared);
      shared.users++; // before it waits: another adapter may close meanwhile
      try {
        await shared.db.open();
        return { lastVersion: (await shared.db.get(LAST_VERSION)) as Version | undefined };
      } catch (error) {
        await this.close();
        throw error;
      }
    },

    async close() {
      await shared.turn;
      if (--shared.users === 0) await shared.db.close();
    },

    async stat(key, { now }) {
      const { stored } = await standing(key);
      return stored && isLive(stored, now) ? stored : undefined;
    },

    async get(key, { now }) {
      // In one call: both are read as they stand at one moment.
      const [text, body] = await shared.db.getMany<string, Uint8Array>([HEADER + key, BODY + key], bytes);
      const header = standingOf(text && new TextDecoder().decode(text)).stored;
      return header && body && isLive(header, now) ? { header, body: new Uint8Array(body) } : undefined;
    },

    async list({ prefix, after, limit }, { now }) {
      // UTF-8 cannot hold half of a character, where a prefix may end: the search begins before it.
      const start = prefix.replace(/[\uD800-\uDBFF]$/, "");
      const behind = after !== undefined && compareKeys(after, start) >= 0;
      const found: RecordHeader[] = [];
      for await (const [key, text] of shared.db.iterator(behind ? { gt: HEADER + after } : { gte: HEADER + start })) {
        if (found.length === limit || !key.startsWith(HEADER + start)) break;
        const { stored } = standingOf(text);
        if (stored?.key.startsWith(prefix) && isLive(stored, now)) found.push(stored);
      }
      return found;
    },

    put: ({ header, body }, condition) =>
      inTurn(async () => {
        const current = await standing(header.key);
        const refusal = checkWrite(current, header.version, condition);
        if (refusal) return refusal;
        const replaced = current.stored && isLive(current.stored, condition.now) ? current.stored : header;
        const stored = { ...structuredClone(header), created: replaced.created };
        await write(header.key, header.version, { stored }, body);
        return { outcome: "written", header: stored };
      }),

    delete: (key, condition) =>
      inTurn(async () => {
        const refusal = checkDelete(await standing(key), condition);
        if (refusal) return refusal;
        await write(key, condition.version, { tombstone: condition.version });
        return { outcome: "deleted" };
      }),

    classify(error) {
      const { code, cause } = (error ?? {}) as { code?: string; cause?: { code?: string } };
      if (cause?.code === "LEVEL_LOCKED") return { code: "LOCKED", message: "another process has the database open" };
      if (code === "LEVEL_CORRUPTION") return { code: "CORRUPT", message: "the database is damaged" };
      return undefined;
    },
  };
}
