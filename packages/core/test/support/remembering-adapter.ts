import {
  type AdapterChange,
  type AdapterContext,
  BEFORE_ALL_TIME,
  type CallOptions,
  type Capabilities,
  type FeedEntry,
  type FeedPage,
  type FeedRange,
  type History,
  isLive,
  type PreviousRecord,
  type ReadOptions,
  type RecordHeader,
  type StoredRecord,
  type Version,
} from "@holdfast/core";
import { MapAdapter } from "./map-adapter.js";

interface Kept {
  readonly record: StoredRecord;
  readonly replaced: number;
}

/** The map adapter with a feed and a history. A cursor is `c` and the number of entries up to it. */
export class RememberingAdapter extends MapAdapter {
  override readonly capabilities: Capabilities = {
    ...new MapAdapter().capabilities,
    changes: "native",
    history: "native",
  };

  readonly entries: FeedEntry[] = [];
  /** How many of the first entries are gone. */
  forgotten = 0;
  /** Newest first. */
  readonly kept: Map<string, Kept[]> = new Map();
  context: AdapterContext | undefined;

  override open(context: AdapterContext): { lastVersion: Version | undefined } {
    this.context = context;
    return super.open(context);
  }

  async changes({ after, limit }: FeedRange, _options: CallOptions): Promise<FeedPage> {
    this.calls.push(`changes ${after} ${limit}`);
    const start = after === undefined ? 0 : Number(after.slice(1));
    if (start < this.forgotten || start > this.entries.length) return { outcome: "resync" };
    return { outcome: "page", changes: structuredClone(this.entries.slice(start, start + limit)) };
  }

  async lastCursor(_options: CallOptions): Promise<string> {
    this.calls.push("lastCursor");
    return `c${this.entries.length}`;
  }

  readonly history: History = {
    list: async (key: string, { now }: ReadOptions): Promise<PreviousRecord[]> => {
      this.calls.push(`history.list ${key}`);
      return structuredClone(this.#alive(key, now)).map(({ record, replaced }) => ({
        header: record.header,
        replaced,
      }));
    },
    get: async (key: string, version: Version, { now }: ReadOptions): Promise<StoredRecord | undefined> => {
      this.calls.push(`history.get ${key}`);
      const standing = this.records.get(key);
      const all = standing === undefined ? [] : [standing].filter(({ header }) => isLive(header, now));
      const found = [...all, ...this.#alive(key, now).map(({ record }) => record)].find(
        ({ header }) => header.version === version,
      );
      return structuredClone(found);
    },
    sweep: async (prefix: string, { now }: ReadOptions): Promise<number> => {
      this.calls.push(`history.sweep ${prefix} ${now}`);
      return 0;
    },
    scan: async ({ after, limit }, { now }): Promise<RecordHeader[]> => {
      const place = ({ key, version }: Pick<RecordHeader, "key" | "version">) => `${key}\0${version}`;
      const headers = [...this.kept.keys()].flatMap((key) => this.#alive(key, now).map(({ record }) => record.header));
      const behind = headers.filter((header) => after === undefined || place(header) > place(after));
      return structuredClone(behind.sort((a, b) => (place(a) < place(b) ? -1 : 1)).slice(0, limit));
    },
    drop: async (key, version): Promise<void> => {
      const kept = this.kept.get(key) ?? [];
      this.kept.set(
        key,
        kept.filter(({ record }) => record.header.version !== version),
      );
    },
  };

  protected override committed(change: AdapterChange, replaced: StoredRecord | undefined, now: number): void {
    const entry = { ...change, cursor: `c${this.entries.length + 1}` };
    this.entries.push(entry);
    const limits = this.context?.history;
    if (replaced !== undefined && limits && now !== BEFORE_ALL_TIME) {
      const kept = [{ record: replaced, replaced: now }, ...(this.kept.get(change.key) ?? [])];
      this.kept.set(change.key, kept.slice(0, limits.versions));
    }
    this.announce(entry);
  }

  #alive(key: string, now: number): Kept[] {
    return (this.kept.get(key) ?? []).filter(({ record }) => isLive(record.header, now));
  }
}
