import { randomUUID } from "node:crypto";
import { appendFileSync, closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import {
  type Awaitable,
  type BodyWriter,
  type Hit,
  isLive,
  matchesWhere,
  matchTerms,
  type ParsedQuery,
  type RecordHeader,
  type StorageAdapter,
  StorageError,
  type StoredRecord,
  type StoredStream,
  selectHits,
  type Version,
  type WriteRecord,
} from "@holdfast/core";
import { simpleAdapter } from "./simple-adapter.js";
import { headerOf } from "./simple-history.js";
import { createSimpleStore, type SimpleStore } from "./simple-store.js";

const PIECE = 65_536;
const call = { signal: undefined };

/** What several indexed adapters share: a simple store, an index of it, and files for what is streamed. */
export interface IndexedStore extends SimpleStore {
  readonly index: SearchIndex;
  readonly bodies: Map<Version, Body>;
  readonly directory: string;
}

interface Body {
  readonly chunkHashes: Uint8Array;
  /** Undefined: the record itself holds the bytes. */
  readonly path: string | undefined;
}

export function createIndexedStore(directory: string): IndexedStore {
  return { ...createSimpleStore(), index: new SearchIndex(), bodies: new Map(), directory };
}

/** Which keys carry a tag and which a term. */
class SearchIndex {
  readonly tags: Map<string, Set<string>> = new Map();
  readonly terms: Map<string, Set<string>> = new Map();
  readonly #termsOf = new Map<string, readonly string[]>();
  /** The number of the tokenizer that made the terms. */
  tokenizer: number | undefined;

  add({ key, tags }: RecordHeader, terms: readonly string[]): void {
    this.remove(key);
    for (const tag of tags) enter(this.tags, tag, key);
    for (const term of terms) enter(this.terms, term, key);
    this.#termsOf.set(key, terms);
  }

  remove(key: string): void {
    for (const keys of [...this.tags.values(), ...this.terms.values()]) keys.delete(key);
    this.#termsOf.delete(key);
  }

  termsOf(key: string): readonly string[] {
    return this.#termsOf.get(key) ?? [];
  }

  /** Keys that carry every tag and, for every term, one that starts with it; undefined: the query names neither. */
  candidates({ tags, terms = [] }: Pick<ParsedQuery, "tags" | "terms">): Set<string> | undefined {
    const sets = [
      ...tags.map((tag) => this.tags.get(tag) ?? new Set<string>()),
      ...terms.map(
        (term) => new Set([...this.terms].flatMap(([each, keys]) => (each.startsWith(term) ? [...keys] : []))),
      ),
    ];
    const [first, ...others] = sets;
    if (first === undefined) return undefined;
    return new Set([...first].filter((key) => others.every((keys) => keys.has(key))));
  }
}

/** The simple adapter with everything that it leaves out: native queries, streams in bounded memory, and `info`. */
export function indexedAdapter(store: IndexedStore): StorageAdapter {
  const simple = simpleAdapter(store);
  const { history } = simple;
  if (history === undefined) throw new Error("the simple adapter has history");
  const { index, bodies } = store;
  const open = new Set<number>();
  let closed = false;

  const keep = (record: Omit<WriteRecord, "body">, path: string | undefined): void => {
    bodies.set(record.header.version, { chunkHashes: record.chunkHashes.slice(), path });
    index.add(record.header, record.terms);
  };

  const hits = (query: ParsedQuery, now: number): Hit[] => {
    const headers = [...(index.candidates(query) ?? store.records.keys())].flatMap(
      (key) => store.records.get(key)?.header ?? [],
    );
    return structuredClone(headers)
      .filter(
        (header) => isLive(header, now) && header.key.startsWith(query.prefix) && matchesWhere(header, query.where),
      )
      .map((header) => ({ header, exact: matchTerms(index.termsOf(header.key), query.terms ?? []) ?? 0 }));
  };

  /** What is streamed lies in a file; the record itself holds nothing then. */
  const streamOf = ({ header, body }: StoredRecord): StoredStream => {
    const { chunkHashes, path } = bodies.get(header.version) ?? { chunkHashes: new Uint8Array(), path: undefined };
    return { header, chunkHashes: chunkHashes.slice(), body: path === undefined ? pieces(body) : read(path) };
  };

  async function* read(path: string): AsyncGenerator<Uint8Array> {
    const file = openSync(path, "r");
    open.add(file);
    try {
      for (;;) {
        if (closed) throw new StorageError("CLOSED", "the adapter was closed while a stream was read");
        const piece = new Uint8Array(PIECE);
        const length = readSync(file, piece);
        if (length === 0) return;
        yield piece.subarray(0, length);
      }
    } finally {
      if (open.delete(file)) closeSync(file);
    }
  }

  return {
    ...simple,
    name: "indexed",
    capabilities: { ...simple.capabilities, query: "native", streams: "bounded" },
    open(context) {
      closed = false;
      if (index.tokenizer !== context.tokenizerVersion) {
        for (const { header } of store.records.values()) index.add(header, context.termsOf(structuredClone(header)));
        index.tokenizer = context.tokenizerVersion;
      }
      return simple.open(context);
    },
    get(key, { now }) {
      const header = store.records.get(key)?.header;
      const path = header && bodies.get(header.version)?.path;
      if (header === undefined || path === undefined) return simple.get(key, { now, ...call });
      return isLive(header, now)
        ? { header: structuredClone(header), body: new Uint8Array(readFileSync(path)) }
        : undefined;
    },
    put(record, condition) {
      const outcome = atOnce(simple.put(record, condition, call));
      if (outcome.outcome === "written") keep(record, undefined);
      return outcome;
    },
    delete(key, condition) {
      const outcome = atOnce(simple.delete(key, condition, call));
      if (outcome.outcome === "deleted") index.remove(key);
      return outcome;
    },
    batch(writes, options) {
      const outcome = atOnce(simple.batch?.(writes, options));
      if (outcome === undefined) throw new Error("the simple adapter has batches");
      if (outcome.outcome === "refused") return outcome;
      for (const write of writes) {
        if (write.type === "put") keep(write.record, undefined);
        else if (!store.records.has(write.key)) index.remove(write.key);
      }
      return outcome;
    },
    history: {
      ...history,
      get(key, version, { now }) {
        const header = structuredClone(headerOf(store, key, version, now));
        const path = bodies.get(version)?.path;
        if (header === undefined || path === undefined) return history.get(key, version, { now, ...call });
        return { header, body: new Uint8Array(readFileSync(path)) };
      },
      readStream(key, version, { now }) {
        const whole = atOnce(history.get(key, version, { now, ...call }));
        return whole && streamOf(whole);
      },
    },
    query: (query, { now }) => selectHits(hits(query, now), query),
    count: (query, { now }) => hits(query, now).length,
    readStream(key, { now }) {
      const whole = atOnce(simple.get(key, { now, ...call }));
      return whole && streamOf(whole);
    },
    writeStream(): BodyWriter {
      const path = join(store.directory, randomUUID());
      appendFileSync(path, "");
      return {
        write: (chunk) => appendFileSync(path, chunk),
        commit(record, condition) {
          const outcome = atOnce(simple.put({ ...record, body: new Uint8Array() }, condition, call));
          if (outcome.outcome === "written") keep(record, path);
          return outcome;
        },
        // The file goes with the store's directory.
        abort: () => undefined,
      };
    },
    info({ now }) {
      const living = [...store.records.values()].filter(({ header }) => isLive(header, now));
      return {
        items: living.length,
        bytes: living.reduce((sum, { header }) => sum + header.storedSize, 0),
        details: {},
      };
    },
    close() {
      closed = true;
      for (const file of open) closeSync(file);
      open.clear();
      return simple.close();
    },
  };
}

/** The simple adapter answers synchronously, so that index, file and record change in one step. */
function atOnce<T>(answer: Awaitable<T>): T {
  if (answer instanceof Promise) throw new Error("the simple adapter answers synchronously");
  return answer;
}

async function* pieces(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < body.length; start += PIECE) yield body.slice(start, start + PIECE);
}

function enter(index: Map<string, Set<string>>, name: string, key: string): void {
  const keys = index.get(name) ?? new Set();
  index.set(name, keys.add(key));
}
