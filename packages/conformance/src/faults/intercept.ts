import type {
  Awaitable,
  BodyWriter,
  CallOptions,
  History,
  Maintenance,
  StorageAdapter,
  StoredStream,
} from "@holdfast/core";

/**
 * Every call that core makes of an adapter and that takes time; those on what a method returned, and those of its `history`,
 * are named for it.
 */
export type AdapterMethod =
  | "open"
  | "stat"
  | "get"
  | "put"
  | "delete"
  | "list"
  | "batch"
  | "query"
  | "count"
  | "watch"
  | "changes"
  | "lastCursor"
  | "history.list"
  | "history.get"
  | "history.readStream"
  | "history.readStream.next"
  | "history.sweep"
  | "history.scan"
  | "history.drop"
  | "readStream"
  | "readStream.next"
  | "writeStream"
  | "writeStream.write"
  | "writeStream.commit"
  | "writeStream.abort"
  | "rewrap"
  | "info"
  | "flush"
  | "check"
  | "repair"
  | "compact"
  | "close";

/** One call of an adapter, as core makes it. */
export interface AdapterCall {
  readonly method: AdapterMethod;
  /** Undefined where the call is about no single key. */
  readonly key: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** What is asked, the same text for the same question; the instant aside. */
  readonly question: string;
}

/** Makes a call, or does something else in its place. */
export type Around = <R>(call: AdapterCall, work: () => Awaitable<R>) => Promise<R>;

/** Leads one call through; `asked` is what makes the question, where it is not the key. */
type Through = <R>(
  method: AdapterMethod,
  about: CallOptions & { readonly key?: string; readonly asked?: unknown },
  work: () => Awaitable<R>,
) => Promise<R>;

/** The adapter with every call led through `around`. What the adapter leaves out stays left out. */
export function intercept(adapter: StorageAdapter, around: Around): StorageAdapter {
  const { batch, query, count, watch, changes, lastCursor, history } = adapter;
  const { readStream, writeStream, rewrap, info, flush, maintain } = adapter;
  const none: CallOptions = { signal: undefined };
  const through: Through = (method, { key, asked, signal }, work) => {
    const question = `${method} ${JSON.stringify(asked ?? key ?? null)}`;
    return around({ method, key, signal, question }, work);
  };
  return {
    name: adapter.name,
    spi: adapter.spi,
    capabilities: adapter.capabilities,
    classify: (error) => adapter.classify(error),
    open: (context) => through("open", none, () => adapter.open(context)),
    close: () => through("close", none, () => adapter.close()),
    stat: (key, options) => through("stat", { key, ...options }, () => adapter.stat(key, options)),
    get: (key, options) => through("get", { key, ...options }, () => adapter.get(key, options)),
    put(record, condition, options) {
      const { key } = record.header;
      return through("put", { key, ...options }, () => adapter.put(record, condition, options));
    },
    delete: (key, condition, options) =>
      through("delete", { key, ...options }, () => adapter.delete(key, condition, options)),
    list: (range, options) => through("list", { asked: range, ...options }, () => adapter.list(range, options)),
    ...(batch && {
      batch: (writes, options) => through("batch", options, () => batch.call(adapter, writes, options)),
    }),
    ...(query && {
      query: (parsed, options) =>
        through("query", { asked: parsed, ...options }, () => query.call(adapter, parsed, options)),
    }),
    ...(count && {
      count: (parsed, options) =>
        through("count", { asked: parsed, ...options }, () => count.call(adapter, parsed, options)),
    }),
    ...(watch && { watch: (listener) => through("watch", none, () => watch.call(adapter, listener)) }),
    ...(changes && {
      changes: (range, options) =>
        through("changes", { asked: range, ...options }, () => changes.call(adapter, range, options)),
    }),
    ...(lastCursor && {
      lastCursor: (options) => through("lastCursor", options, () => lastCursor.call(adapter, options)),
    }),
    ...(history && { history: historyThrough(history, through) }),
    ...(readStream && {
      async readStream(key, options) {
        const about = { key, ...options };
        const stream = await through("readStream", about, () => readStream.call(adapter, key, options));
        return stream && bodyThrough(stream, (work) => through("readStream.next", about, work));
      },
    }),
    ...(writeStream && {
      async writeStream(key, options) {
        const writer = await through("writeStream", { key, ...options }, () => writeStream.call(adapter, key, options));
        return writerThrough(writer, (method, work) => through(method, { key, ...options }, work));
      },
    }),
    ...(rewrap && {
      rewrap: (key, version, encryption, options) =>
        through("rewrap", { key, ...options }, () => rewrap.call(adapter, key, version, encryption, options)),
    }),
    ...(info && { info: (options) => through("info", options, () => info.call(adapter, options)) }),
    ...(flush && { flush: (options) => through("flush", options, () => flush.call(adapter, options)) }),
    ...(maintain && { maintain: maintenanceThrough(maintain, through) }),
  };
}

function historyThrough(history: History, through: Through): History {
  const { readStream } = history;
  return {
    list: (key, options) => through("history.list", { key, ...options }, () => history.list(key, options)),
    get: (key, version, options) =>
      through("history.get", { key, asked: [key, version], ...options }, () => history.get(key, version, options)),
    sweep: (prefix, options) =>
      through("history.sweep", { asked: prefix, ...options }, () => history.sweep(prefix, options)),
    scan: (range, options) => through("history.scan", { asked: range, ...options }, () => history.scan(range, options)),
    drop: (key, version, options) =>
      through("history.drop", { key, asked: [key, version], ...options }, () => history.drop(key, version, options)),
    ...(readStream && {
      async readStream(key, version, options) {
        const about = { key, asked: [key, version], ...options };
        const read = () => readStream.call(history, key, version, options);
        const stream = await through("history.readStream", about, read);
        return stream && bodyThrough(stream, (work) => through("history.readStream.next", about, work));
      },
    }),
  };
}

function bodyThrough(stream: StoredStream, through: <R>(work: () => Awaitable<R>) => Promise<R>): StoredStream {
  const body: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]() {
      const iterator = stream.body[Symbol.asyncIterator]();
      return {
        next: () => through(() => iterator.next()),
        return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
      };
    },
  };
  return { ...stream, body };
}

function writerThrough(
  writer: BodyWriter,
  through: <R>(method: AdapterMethod, work: () => Awaitable<R>) => Promise<R>,
): BodyWriter {
  return {
    write: (chunk) => through("writeStream.write", () => writer.write(chunk)),
    commit: (record, condition) => through("writeStream.commit", () => writer.commit(record, condition)),
    abort: () => through("writeStream.abort", () => writer.abort()),
  };
}

function maintenanceThrough(maintain: Maintenance, through: Through): Maintenance {
  const { check, repair, compact } = maintain;
  return {
    ...(check && { check: (options) => through("check", options, () => check.call(maintain, options)) }),
    ...(repair && { repair: (options) => through("repair", options, () => repair.call(maintain, options)) }),
    ...(compact && { compact: (options) => through("compact", options, () => compact.call(maintain, options)) }),
  };
}
