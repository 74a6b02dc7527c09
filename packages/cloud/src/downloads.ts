import { checkKey, describeValue, type Format, StorageError, type Version } from "@holdfast/core";
import { MOST_SIGNED } from "./connection.js";
import { explained } from "./explained.js";
import type { OpenStore } from "./open-store.js";
import { retried } from "./retried.js";
import { toHeader } from "./wire.js";

export interface SignOptions {
  /** How long the addresses are good, in seconds, 1 to 604,800 (a week). Whoever has one needs nothing else. Default: 300. */
  seconds?: number | undefined;
}

/** Where a body can be fetched from without Holdfast: its parts, one behind the other. */
export interface SignedDownload {
  readonly version: Version;
  /** Of all parts together. The stored body: compressed where `compression` says so, and ciphertext where `encrypted` does. */
  readonly storedSize: number;
  readonly format: Format;
  readonly compression: "gzip" | null;
  readonly encrypted: boolean;
  /** In order. One for a body of up to 4 MiB. */
  readonly parts: readonly { readonly url: string; readonly size: number }[];
}

const LONGEST = 604_800;

/** What `CloudAdapter.signDownload` does; `opened` gives the store that is open. */
export async function signDownload(
  opened: () => OpenStore,
  key: string,
  { seconds = 300 }: SignOptions = {},
): Promise<SignedDownload | undefined> {
  checkKey(key);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST) {
    const message = `seconds is a whole number from 1 to ${LONGEST}, not ${describeValue(seconds)}`;
    throw new StorageError("INVALID_OPTION", message, { adapter: "cloud" });
  }
  try {
    const store = opened();
    const { connection, ports } = store;
    const now = ports.clock.now();
    const record = await retried(ports, () => store.find(key, null, { now, signal: undefined }), undefined);
    if (record === null) return undefined;
    const { version, storedSize, format, compression, encryption } = toHeader(record.header);
    if (record.parts === null) {
      throw new StorageError("UNSUPPORTED", "a body of up to 64 KiB stands in its row and has no address: load it", {
        adapter: "cloud",
        key,
      });
    }
    const names = record.parts.map(({ name }) => name);
    const urls: string[] = [];
    while (urls.length < names.length) {
      const some = names.slice(urls.length, urls.length + MOST_SIGNED);
      urls.push(...(await retried(ports, () => connection.sign(some, seconds), undefined)));
    }
    const parts = record.parts.map(({ size }, index) => ({ url: urls[index] ?? "", size }));
    return { version, storedSize, format, compression, encrypted: encryption !== undefined, parts };
  } catch (error) {
    throw explained("signDownload", error);
  }
}
