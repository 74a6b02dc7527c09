import {
  compareKeys,
  type HistoryLimits,
  isLive,
  type RecordHeader,
  type StoredRecord,
  type Version,
} from "@holdfast/core";
import { footprint } from "./footprint.js";

/** A record that stood once. */
export interface KeptVersion {
  readonly record: StoredRecord;
  /** When it was replaced or deleted, in milliseconds since 1970. */
  readonly replaced: number;
}

/** The versions that later writes replaced or deleted. Callers copy what they hand on. */
export class KeptVersions {
  /** Oldest first. No list is empty. */
  readonly #ofKeys = new Map<string, KeptVersion[]>();

  /** Newest first, expired ones left out. */
  list(key: string, now: number): KeptVersion[] {
    const kept = this.#ofKeys.get(key) ?? [];
    return kept.filter(({ record }) => isLive(record.header, now)).reverse();
  }

  get(key: string, version: Version, now: number): StoredRecord | undefined {
    const found = this.#ofKeys.get(key)?.find(({ record }) => record.header.version === version)?.record;
    return found !== undefined && isLive(found.header, now) ? found : undefined;
  }

  /** The bytes that go when one more version of the key is kept, by the measure of `footprint`. */
  room(key: string, { versions }: HistoryLimits): number {
    const kept = this.#ofKeys.get(key) ?? [];
    return total(kept.slice(0, surplus(kept, versions)));
  }

  /** Keeps one more version, and drops what is then above the limit. */
  add(kept: KeptVersion, { versions }: HistoryLimits): void {
    const { key } = kept.record.header;
    const others = this.#ofKeys.get(key);
    if (others === undefined) {
      this.#ofKeys.set(key, [kept]);
      return;
    }
    others.splice(0, surplus(others, versions));
    others.push(kept);
  }

  /** Of all keys, by key and version, behind `after`. */
  scan(
    after: { readonly key: string; readonly version: Version } | undefined,
    limit: number,
    now: number,
  ): StoredRecord[] {
    const found: StoredRecord[] = [];
    for (const key of [...this.#ofKeys.keys()].sort(compareKeys)) {
      const order = after === undefined ? 1 : compareKeys(key, after.key);
      if (order < 0) continue;
      for (const { record } of this.#ofKeys.get(key) ?? []) {
        if (found.length === limit) return found;
        const isBehind = order > 0 || after === undefined || record.header.version > after.version;
        if (isBehind && isLive(record.header, now)) found.push(record);
      }
    }
    return found;
  }

  /** Gives one of them another header. False when it is not there. */
  replaceHeader(key: string, version: Version, headerFor: (header: RecordHeader) => RecordHeader): boolean {
    const kept = this.#ofKeys.get(key) ?? [];
    const place = kept.findIndex(({ record }) => record.header.version === version);
    const found = kept[place];
    if (found === undefined) return false;
    kept[place] = { ...found, record: { ...found.record, header: headerFor(found.record.header) } };
    return true;
  }

  /** Drops versions below the prefix that `keep` does not want; resolves to how many those were and what they held. */
  drop(prefix: string, keep: (kept: KeptVersion) => boolean): { versions: number; bytes: number } {
    let versions = 0;
    let bytes = 0;
    for (const [key, all] of this.#ofKeys) {
      if (!key.startsWith(prefix)) continue;
      const wanted = all.filter(keep);
      if (wanted.length === all.length) continue;
      versions += all.length - wanted.length;
      bytes += total(all) - total(wanted);
      if (wanted.length === 0) this.#ofKeys.delete(key);
      else this.#ofKeys.set(key, wanted);
    }
    return { versions, bytes };
  }
}

/** How many of the oldest make way for one more. */
function surplus(kept: readonly KeptVersion[], versions: number): number {
  return Math.max(0, kept.length + 1 - versions);
}

function total(kept: readonly KeptVersion[]): number {
  return kept.reduce((bytes, { record }) => bytes + footprint(record), 0);
}
