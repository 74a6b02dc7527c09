import type { Replacements } from "@holdfast/conformance";
import type {
  CallOptions,
  History,
  ListRange,
  ReadOptions,
  RecordHeader,
  StorageAdapter,
  WriteRecord,
} from "@holdfast/core";

export const call: CallOptions = { signal: undefined };

export function laterTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Changes what is written. */
export function onPut(sound: StorageAdapter, change: (record: WriteRecord) => WriteRecord): Replacements {
  return { put: (record, condition, options) => sound.put(change(record), condition, options) };
}

/** Changes the headers that are written. */
export function onWrittenHeader(sound: StorageAdapter, change: (header: RecordHeader) => RecordHeader): Replacements {
  return onPut(sound, (record) => ({ ...record, header: change(record.header) }));
}

/** Changes the headers that are read. */
export function onReadHeader(sound: StorageAdapter, change: (header: RecordHeader) => RecordHeader): Replacements {
  return {
    async stat(key, options) {
      const header = await sound.stat(key, options);
      return header && change(header);
    },
    async get(key, options) {
      const record = await sound.get(key, options);
      return record && { ...record, header: change(record.header) };
    },
    list: async (range, options) => (await sound.list(range, options)).map(change),
  };
}

/** Changes the range that is listed. */
export function onList(sound: StorageAdapter, change: (range: ListRange) => ListRange): Replacements {
  return { list: (range, options) => sound.list(change(range), options) };
}

/** Keeps records under what `fold` makes of their keys; shows the key that was asked for, or written last. */
export function keyedBy(sound: StorageAdapter, fold: (key: string) => string): Replacements {
  const written = new Map<string, string>();
  const named = (header: RecordHeader, key = written.get(header.key) ?? header.key): RecordHeader => ({
    ...header,
    key,
  });
  return {
    async stat(key, options) {
      const header = await sound.stat(fold(key), options);
      return header && named(header, key);
    },
    async get(key, options) {
      const record = await sound.get(fold(key), options);
      return record && { ...record, header: named(record.header, key) };
    },
    async put({ header, ...record }, condition, options) {
      const { key } = header;
      const outcome = await sound.put({ ...record, header: { ...header, key: fold(key) } }, condition, options);
      if (outcome.outcome !== "written") return outcome;
      written.set(fold(key), key);
      return { outcome: "written", header: named(outcome.header, key) };
    },
    delete: (key, condition, options) => sound.delete(fold(key), condition, options),
    list: async (range, options) => (await sound.list(range, options)).map((header) => named(header)),
  };
}

/** Every living header. */
export async function everyHeader(sound: StorageAdapter, options: ReadOptions): Promise<RecordHeader[]> {
  return sound.list({ prefix: "", after: undefined, limit: Number.MAX_SAFE_INTEGER }, options);
}

export function historyOf(sound: StorageAdapter): History {
  if (sound.history === undefined) throw new Error("the sound adapter has history");
  return sound.history;
}
