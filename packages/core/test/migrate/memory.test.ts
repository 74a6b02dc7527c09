import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import {
  checksumOf,
  createMigrator,
  openStorage,
  type RecordHeader,
  type StoredRecord,
  type Version,
} from "@holdfast/core";
import { expect, it } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";

setFlagsFromString("--expose-gc");
const collectGarbage = vm.runInNewContext("gc") as () => void;
const ITEMS = 20_000;

/** Items that are made when they are asked for. */
class MadeItems extends MapAdapter {
  readonly #body: Uint8Array;
  readonly #checksum: string;

  constructor(body: Uint8Array, checksum: string) {
    super();
    this.#body = body;
    this.#checksum = checksum;
  }

  override async list(range: { prefix: string; after: string | undefined; limit: number }): Promise<RecordHeader[]> {
    const from = range.after === undefined ? 0 : Number(range.after.slice(1)) + 1;
    return Array.from({ length: Math.max(0, Math.min(range.limit, ITEMS - from)) }, (_, at) => this.#header(from + at));
  }

  override async stat(key: string): Promise<RecordHeader> {
    return this.#header(Number(key.slice(1)));
  }

  override async get(key: string): Promise<StoredRecord> {
    return { header: this.#header(Number(key.slice(1))), body: new Uint8Array(this.#body) };
  }

  #header(index: number): RecordHeader {
    const size = this.#body.length;
    return {
      key: `k${String(index).padStart(8, "0")}`,
      version:
        `018c00000000-${(index & 0xffff).toString(16).padStart(4, "0")}-${index.toString(16).padStart(12, "0")}` as Version,
      size,
      storedSize: size,
      format: "binary",
      compression: null,
      created: index,
      modified: index,
      expiration: null,
      tags: [],
      metadata: {},
      checksum: this.#checksum,
    };
  }
}

/** Takes everything, and gives back what the source would. */
class Sink extends MadeItems {
  override async batch(...[writes]: Parameters<MapAdapter["batch"]>) {
    const results = writes.flatMap((write) =>
      write.type === "put" ? { outcome: "written" as const, header: write.record.header } : [],
    );
    return { outcome: "applied" as const, results };
  }

  override async list(): Promise<RecordHeader[]> {
    return [];
  }
}

it(`does not grow with the number of items: ${ITEMS}`, async () => {
  const body = new Uint8Array(256).fill(7);
  const { checksum } = await checksumOf(body);
  const sink = new Sink(body, checksum);
  let most = 0;
  const held = () => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const [from, to] = [await openStorage(new MadeItems(body, checksum)), await openStorage(sink)];
  const before = held();
  let next = 2_000;
  const report = await createMigrator(from, to).migrate({
    filter: ({ key }) => {
      if (Number(key.slice(1)) === next) {
        next = (next + 2_000) % ITEMS;
        most = Math.max(most, held() - before);
      }
      return true;
    },
  });
  expect(report).toMatchObject({ ok: true, copied: ITEMS, verified: ITEMS });
  // The fingerprints and code that is compiled meanwhile; the headers alone would take 10 MiB.
  expect(most).toBeLessThan(6 * 1024 * 1024);
});
