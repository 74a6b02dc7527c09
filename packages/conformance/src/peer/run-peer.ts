import { openStorage, type StorageAdapter, type StorageEngine, StorageError } from "@holdfast/core";
import { collect } from "../collect.js";
import { ManualClock } from "../manual-clock.js";
import { openBare } from "../open-bare.js";
import { call, NOW, putInBatch, recordOf, versionOf } from "../samples/records.js";
import type { PeerChannel, PeerMessage, PeerRequest, PeerTask } from "./protocol.js";

/**
 * Makes this process a peer: it does what the suite, in another process, tells it to by messages. To be called once, by a
 * script that the harness starts.
 *
 * @example
 * // peer.js, started with forkPeer("peer.js", [path]) of @holdfast/conformance/node
 * runPeer(() => mine({ path: process.argv[2] }), parentChannel());
 */
export function runPeer(adapter: () => StorageAdapter, channel: PeerChannel): void {
  const worker = new Worker(adapter, (message) => channel.send(message));
  channel.receive((message) => {
    // Only the suite writes to this channel.
    void worker.answer(message as PeerRequest);
  });
  channel.send({ type: "ready" } satisfies PeerMessage);
}

class Worker {
  readonly #adapter: () => StorageAdapter;
  readonly #tell: (message: PeerMessage) => void;
  #storage: StorageEngine | undefined;

  constructor(adapter: () => StorageAdapter, tell: (message: PeerMessage) => void) {
    this.#adapter = adapter;
    this.#tell = tell;
  }

  async answer({ id, task }: PeerRequest): Promise<void> {
    try {
      // JSON has no undefined.
      this.#tell({ type: "done", id, value: (await this.#perform(task)) ?? null });
    } catch (error) {
      const code = StorageError.is(error) ? error.code : undefined;
      this.#tell({ type: "failed", id, code, message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #perform(task: PeerTask): Promise<unknown> {
    if (task.do === "open") {
      const { now, versions } = task;
      const history = versions === undefined ? {} : { history: { versions } };
      this.#storage = await openStorage(this.#adapter(), { ...history, ports: { clock: new ManualClock(now) } });
      return undefined;
    }
    const storage = this.#storage;
    if (storage === undefined) throw new Error("the peer has opened nothing");
    switch (task.do) {
      case "close":
        return storage.close();
      case "save":
        return storage.save(task.key, task.data, { ifVersion: task.ifVersion });
      case "load":
        return storage.load(task.key);
      case "delete":
        return storage.delete(task.key);
      case "batch":
        return storage.batch(task.operations);
      case "count":
        return count(storage, task.key, task.times);
      case "create":
        return create(storage, task.keys);
      case "pairs":
        return writePairs(storage, task.keys, task.times);
      case "batchForEver":
        return this.#batchForEver(task.prefix, task.size);
      case "saveForEver":
        return this.#saveForEver(storage, task);
      case "changes":
        return collect(storage.changes(task.since));
      case "watch":
        await storage.watch(task.prefix, (change) => this.#tell({ type: "changed", change }));
        return undefined;
    }
  }

  async #batchForEver(prefix: string, size: number): Promise<never> {
    const adapter = this.#adapter();
    await openBare(adapter, new ManualClock(NOW));
    for (let round = 1; ; round++) {
      const writes = Array.from({ length: size }, (_, index) => {
        const version = versionOf(round * size + index);
        return putInBatch(recordOf(adapter, `${prefix}${index}`, version, { metadata: { round } }));
      });
      await adapter.batch?.(writes, { now: NOW, ...call });
      this.#tell({ type: "saved", index: round });
    }
  }

  async #saveForEver(
    storage: StorageEngine,
    { prefix, size, keys = Number.POSITIVE_INFINITY }: PeerTask & { do: "saveForEver" },
  ): Promise<never> {
    for (let index = 0; ; index++) {
      await storage.save(`${prefix}${index % keys}`, new Uint8Array(size).fill(index));
      this.#tell({ type: "saved", index });
    }
  }
}

/** Adds one, `times` times, with others counting at the same time. */
export async function count(storage: StorageEngine, key: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) await storage.update<number>(key, (current = 0) => current + 1);
}

/** Tries to be the first under each key; returns those where it was. */
export async function create(storage: StorageEngine, keys: readonly string[]): Promise<string[]> {
  const won: string[] = [];
  for (const key of keys) {
    try {
      await storage.save(key, "mine", { ifVersion: null });
      won.push(key);
    } catch (error) {
      if (!StorageError.is(error, "CONFLICT")) throw error;
    }
  }
  return won;
}

async function writePairs(storage: StorageEngine, keys: readonly [string, string], times: number): Promise<void> {
  for (let data = 1; data <= times; data++) {
    await storage.batch(keys.map((key) => ({ type: "save", key, data, options: { metadata: { round: data } } })));
  }
}
