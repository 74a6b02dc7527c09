import {
  type AdapterContext,
  compareStores,
  createMigrator,
  openStorage,
  type PutCondition,
  type StorageEngine,
  StorageError,
  TOKENIZER_VERSION,
  termsOf,
  type WriteRecord,
} from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { checksumOf } from "../../dist/codec/checksum.js";
import { RESERVED_SEGMENT } from "../../dist/keys.js";
import { FakePorts } from "../support/fake-ports.js";
import { MapAdapter } from "../support/map-adapter.js";
import { RememberingAdapter } from "../support/remembering-adapter.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Counts who listens to a signal. */
function watched(signal: AbortSignal): { listening: () => number } {
  let listening = 0;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener(this: AbortSignal, ...values: Parameters<typeof addEventListener>) {
      listening++;
      addEventListener.apply(this, values);
    },
    removeEventListener(this: AbortSignal, ...values: Parameters<typeof removeEventListener>) {
      if (values[0] === "abort") listening--;
      removeEventListener.apply(this, values);
    },
  });
  return { listening: () => listening };
}

async function* chunks(...given: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* given;
}

describe("a signal", () => {
  it("is let go of by every operation, whether it succeeds or fails", async () => {
    const storage = await openStorage(new MapAdapter());
    const { signal } = new AbortController();
    const { listening } = watched(signal);
    await storage.save("a", 1, { signal });
    await storage.load("a", { signal });
    await storage.saveStream("b", chunks(new Uint8Array(3)), { signal });
    await expect(storage.save("a", 1, { signal, ifVersion: null })).rejects.toMatchObject({ code: "CONFLICT" });
    await turn();
    expect(listening()).toBe(0);
  });

  it.each([null, 1, "abort", { aborted: false }, { addEventListener: () => undefined }])(
    "that is %j is refused",
    async (signal) => {
      const storage = await openStorage(new MapAdapter());
      const options = { signal: signal as never };
      await expect(storage.load("a", options)).rejects.toMatchObject({ code: "INVALID_OPTION" });
      await expect(storage.search(options)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    },
  );
});

describe("update", () => {
  it("takes no version, also where it takes the expiration away", async () => {
    const storage = await openStorage(new MapAdapter());
    for (const options of [{ ifVersion: "v" }, { ifVersion: "v", expiration: null }]) {
      await expect(storage.update("a", () => 1, options as never)).rejects.toMatchObject({ code: "INVALID_OPTION" });
    }
  });

  it("is tried no more when its signal fires while others are faster", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    const controller = new AbortController();
    const change = vi.fn(() => 1);
    adapter.put = async () => {
      if (change.mock.calls.length === 3) controller.abort();
      return { outcome: "conflict", current: undefined };
    };
    await expect(storage.update("a", change, { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await storage.close();
    expect(change).toHaveBeenCalledTimes(3);
  });
});

describe("an argument that is none", () => {
  it.each<[string, (storage: StorageEngine) => Promise<unknown>]>([
    ["compress", (storage) => storage.save("a", 1, { compress: "yes" as never })],
    ["change", (storage) => storage.update("a", 1 as never)],
    ["version is", (storage) => storage.load("a", { version: 1 as never })],
    ["ifVersion is", (storage) => storage.delete("a", { ifVersion: 1 as never })],
    ["version is", (storage) => storage.restore("a", 1 as never)],
    ["from is", (storage) => storage.diff("a", 1 as never)],
    ["to is", (storage) => storage.diff("a", "1", 1 as never)],
    ["listener", (storage) => storage.watch("", 1 as never)],
  ])("is refused by its name: %s", async (name, call) => {
    await expect(call(await openStorage(new MapAdapter()))).rejects.toMatchObject({
      code: "INVALID_OPTION",
      message: expect.stringContaining(name),
    });
  });

  it("is metadata that JSON cannot hold, told with what was found", async () => {
    const storage = await openStorage(new MapAdapter());
    await expect(storage.save("a", 1, { metadata: { when: new Date(0) as never } })).rejects.toMatchObject({
      code: "INVALID_VALUE",
      cause: { code: "INVALID_VALUE", message: expect.stringContaining("$.when") },
    });
  });
});

describe("a source of chunks", () => {
  it("that came to its end is not told to return", async () => {
    const returned = vi.fn();
    const given = [new Uint8Array(1)];
    const source = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const value = given.shift();
          return value === undefined ? { done: true as const, value } : { done: false as const, value };
        },
        return: returned,
      }),
    };
    const storage = await openStorage(new MapAdapter());
    expect((await storage.saveStream("a", source)).size).toBe(1);
    await turn();
    expect(returned).not.toHaveBeenCalled();
  });

  it("that failed is not told to return", async () => {
    const returned = vi.fn();
    const failure = new Error("of the source");
    const source = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(failure), return: returned }) };
    const storage = await openStorage(new MapAdapter());
    await expect(storage.saveStream("a", source)).rejects.toBe(failure);
    await turn();
    expect(returned).not.toHaveBeenCalled();
  });

  it("may be all that a stream of an older browser has: a reader", async () => {
    const stream = new Blob([new Uint8Array(5)]).stream();
    const source = { getReader: () => stream.getReader() };
    const storage = await openStorage(new MapAdapter());
    expect((await storage.saveStream("a", source as never)).size).toBe(5);
  });

  it("is refused from the first byte too many on where the adapter must hold it whole", async () => {
    const adapter = new MapAdapter();
    Object.assign(adapter, {
      capabilities: { ...adapter.capabilities, limits: { body: 1_000, bufferedBody: 10 } },
    });
    const storage = await openStorage(adapter);
    expect((await storage.saveStream("a", chunks(new Uint8Array(10)))).size).toBe(10);
    await expect(storage.saveStream("a", chunks(new Uint8Array(11)))).rejects.toMatchObject({
      code: "QUOTA_EXCEEDED",
      key: "a",
    });
  });
});

describe("a prefix with half of a surrogate pair", () => {
  it("starts no key, wherever it is asked", async () => {
    const half = "\ud83d";
    const adapter = new RememberingAdapter();
    const problem = { key: "\u{1f600}a", code: "CORRUPT" as const, message: "an index is torn", repairable: true };
    Object.assign(adapter, { maintain: { check: () => [problem] } });
    const storage = await openStorage(adapter);
    const listener = vi.fn();
    const unwatch = await storage.watch(half, listener);
    await storage.save("\u{1f600}a", 1);
    expect(await storage.list(half)).toEqual([]);
    expect(await storage.search({ prefix: half })).toEqual([]);
    expect(await storage.verify(half)).toEqual({ ok: true, items: 0, bytes: 0, problems: [] });
    const other = await openStorage(new MapAdapter());
    for await (const item of compareStores(storage, other, { prefix: half })) expect.fail(item.key);
    const progress = once(() => storage.save("\u{1f600}b", 1));
    const report = await createMigrator(storage, other).migrate({ prefix: half, progress });
    expect(report).toMatchObject({ ok: true, planned: { items: 0 }, changed: { saved: 0 } });
    expect(await storage.count()).toBe(2);
    expect(await other.count()).toBe(0);
    await storage.flush();
    expect(listener).not.toHaveBeenCalled();
    await unwatch();
  });
});

function once(work: () => Promise<unknown>): () => Promise<void> {
  let done: Promise<unknown> | undefined;
  return async () => {
    done ??= work();
    await done;
  };
}

describe("an adapter", () => {
  it("is opened with ports and the tokenizer", async () => {
    const ports = new FakePorts();
    const adapter = new MapAdapter();
    const open = vi.fn((_context: AdapterContext) => ({ lastVersion: undefined }));
    Object.assign(adapter, { open });
    await openStorage(adapter, { ports });
    const [context] = open.mock.calls[0] ?? [];
    expect(context?.ports.clock).toBe(ports.clock);
    expect(context?.tokenizerVersion).toBe(TOKENIZER_VERSION);
    expect(context?.termsOf).toBe(termsOf);
  });

  it("may answer queries later", async () => {
    const adapter = Object.assign(new MapAdapter(), { query: async () => [], count: async () => 3 });
    const storage = await openStorage(adapter);
    expect(await storage.search({})).toEqual([]);
    expect(await storage.count()).toBe(3);
  });

  it("is given every option, also when it is closed and when it is asked to stream", async () => {
    const flush = vi.fn((_options: object) => undefined);
    const writeStream = vi.fn((_key: string, _options: object) => ({
      write: () => undefined,
      commit: (record: Omit<WriteRecord, "body">, condition: PutCondition) =>
        adapter.put({ ...record, body: new Uint8Array(0) }, condition),
      abort: () => undefined,
    }));
    const adapter: MapAdapter = Object.assign(new MapAdapter(), { flush, writeStream });
    const storage = await openStorage(adapter);
    const { signal } = new AbortController();
    await storage.saveStream("a", chunks(new Uint8Array(3)), { signal });
    expect(writeStream).toHaveBeenCalledWith("a", { signal });
    await storage.close();
    expect(Object.keys(flush.mock.calls[0]?.[0] ?? {})).toEqual(["signal"]);
  });
});

describe("a write that had succeeded although it seemed to fail", () => {
  /** Fails after the effect of the first put; `meanwhile` happens before the second try. */
  async function savedAgainst(
    meanwhile: (adapter: MapAdapter) => Promise<unknown>,
  ): Promise<{ version: string; written: string | undefined }> {
    const adapter = new MapAdapter();
    const put = adapter.put.bind(adapter);
    let written: string | undefined;
    adapter.put = async (record, condition) => {
      if (written !== undefined) return put(record, condition);
      written = record.header.version;
      await put(record, condition);
      await meanwhile(adapter);
      throw new StorageError("UNAVAILABLE", "the link is down");
    };
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    const { version } = await storage.save("a", 1);
    return { version, written };
  }

  it("tells what it wrote", async () => {
    const { version, written } = await savedAgainst(async () => undefined);
    expect(version).toBe(written);
  });

  it("tells what it wrote, not what has replaced it when the adapter looks again", async () => {
    const { version, written } = await savedAgainst(async (adapter) => {
      const stat = adapter.stat.bind(adapter);
      adapter.stat = async (key, options) => {
        expect(Object.keys(options).toSorted()).toEqual(["now", "signal"]);
        const header = await stat(key, options);
        return header && { ...header, version: "0fffffffffff-0000-ffffffffffff" as typeof header.version };
      };
    });
    expect(version).toBe(written);
  });

  it("tells what it wrote where it has been deleted since", async () => {
    const { version, written } = await savedAgainst(async (adapter) => {
      adapter.stat = async () => undefined;
    });
    expect(version).toBe(written);
  });
});

describe("a save that is refused as stale", () => {
  it("stops when its signal fires", async () => {
    const adapter = new MapAdapter();
    const controller = new AbortController();
    let tries = 0;
    adapter.put = async () => {
      tries++;
      controller.abort();
      return { outcome: "stale", floor: "000000000001-0000-000000000000" as never };
    };
    const storage = await openStorage(adapter, { ports: new FakePorts() });
    await expect(storage.save("a", 1, { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    await storage.close();
    expect(tries).toBe(1);
  });
});

describe("a repetition", () => {
  const failing = (times: number): { adapter: MapAdapter; ports: FakePorts } => {
    const adapter = new MapAdapter();
    const get = adapter.get.bind(adapter);
    let left = times;
    adapter.get = async (key, options) => {
      if (left-- > 0) throw new StorageError("UNAVAILABLE", "the link is down");
      return get(key, options);
    };
    return { adapter, ports: new FakePorts() };
  };

  it("is made once where one is allowed", async () => {
    const { adapter, ports } = failing(1);
    const storage = await openStorage(adapter, { ports, retry: { retries: 1 } });
    expect(await storage.load("a")).toBeUndefined();
    expect(ports.waits).toHaveLength(1);
  });

  it("is not waited for after the last try", async () => {
    const { adapter, ports } = failing(9);
    const storage = await openStorage(adapter, { ports, retry: { retries: 2 } });
    await expect(storage.load("a")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(ports.waits).toHaveLength(2);
  });
});

describe("verify", () => {
  it("finds a value whose bytes are as they were saved, but stand for nothing", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", 1);
    const record = adapter.records.get("a");
    if (record === undefined) throw new Error("nothing is stored");
    const body = new TextEncoder().encode("{");
    const { checksum } = await checksumOf(body);
    adapter.records.set("a", { header: { ...record.header, checksum }, body });
    // As large as what can be held: not larger, which would be read in pieces and not decoded.
    Object.assign(adapter, { capabilities: { ...adapter.capabilities, limits: { body: 1_000, bufferedBody: 1 } } });
    expect((await storage.verify()).problems).toMatchObject([{ key: "a", code: "CORRUPT" }]);
  });

  it("passes over a value too large to hold that is deleted meanwhile", async () => {
    const adapter = new MapAdapter();
    const storage = await openStorage(adapter);
    await storage.save("a", new Uint8Array(10));
    Object.assign(adapter, {
      capabilities: { ...adapter.capabilities, limits: { body: 1_000, bufferedBody: 9 } },
      get: async () => undefined,
    });
    expect(await storage.verify()).toMatchObject({ ok: true, problems: [] });
  });
});

describe("createMigrator", () => {
  it("owes nothing for an item that goes while it works", async () => {
    const from = new MapAdapter();
    const [source, destination] = [await openStorage(from), await openStorage(new MapAdapter())];
    await source.save("gone", 1);
    await source.save("here", 2);
    const get = from.get.bind(from);
    from.get = async (key, options) => (key === "gone" ? undefined : get(key, options));
    expect(await createMigrator(source, destination).migrate()).toMatchObject({ ok: true, copied: 1, failures: [] });
    expect((await destination.list()).map(({ key }) => key)).toEqual(["here"]);
  });

  it("moves nothing from or to a storage that is closed", async () => {
    const [open, closed] = [await openStorage(new MapAdapter()), await openStorage(new MapAdapter())];
    await closed.close();
    for (const migrator of [createMigrator(open, closed), createMigrator(closed, open)]) {
      await expect(migrator.migrate()).rejects.toMatchObject({ code: "CLOSED", adapter: "map" });
    }
  });

  it("refuses what is no storage of this core", () => {
    for (const wrong of [{}, undefined, null]) {
      expect(() => createMigrator(wrong as never, wrong as never)).toThrow(
        expect.objectContaining({ code: "INVALID_OPTION" }),
      );
    }
  });
});

describe("the reserved segment", () => {
  it("is .holdfast, which adapters rely on", () => {
    expect(RESERVED_SEGMENT).toBe(".holdfast");
  });
});

describe("a key that is too long only below its prefix", () => {
  it("is named as the caller wrote it, in a batch as in a save", async () => {
    const view = (await openStorage(new MapAdapter())).namespace("notes");
    const key = "k".repeat(1_020);
    const refused = { code: "INVALID_KEY", key };
    await expect(view.save(key, 1)).rejects.toMatchObject(refused);
    await expect(view.batch([{ type: "save", key, data: 1 }])).rejects.toMatchObject(refused);
  });
});
