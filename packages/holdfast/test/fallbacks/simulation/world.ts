import { type AdapterCall, intercept, SeededRandom, SimulatedPorts } from "@holdfast/conformance";
import {
  type AdapterWrite,
  type Awaitable,
  type StorageAdapter,
  StorageError,
  sleep,
  type Version,
} from "@holdfast/core";
import { createMemoryStore, type MemoryStore, memory } from "@holdfast/memory";

/** One write that the primary took. */
export interface Commit {
  readonly key: string;
  readonly version: Version;
  /** The number in the value; undefined for a deletion. */
  readonly id: number | undefined;
  readonly by: "app" | "other";
  readonly expect: string;
  /** What stood there before. */
  readonly replaced: Version | undefined;
  /** Writes of one batch share it. */
  readonly call: number;
  /** Its request had been under way when everybody had long given it up. */
  readonly late: boolean;
}

/** What a run may be told to do wrong, so that it is seen whether anybody notices. */
export type Sabotage = "forgets marks" | "ignores preconditions" | "takes versions twice";

/** One life of the app: when it has died, nothing that it began goes on. */
export interface Life {
  dead: boolean;
  /** Calls of any member until the process dies; and whether the last one still takes effect. */
  callsLeft: number;
  readonly effectOfLast: boolean;
}

const FAULT = new StorageError("UNAVAILABLE", "the connection was lost");

/** Stores that outlive the app, what goes wrong on the way to them, and what the primary has taken. */
export class World {
  readonly random: SeededRandom;
  readonly ports: SimulatedPorts;
  readonly primary: MemoryStore = createMemoryStore();
  readonly fallbacks: readonly MemoryStore[];
  readonly log: Commit[] = [];
  /** Versions of the primary that were told to the app. */
  readonly seen = new Set<string>();
  /** Writes that will reach the primary long after anybody waited for them. */
  readonly late: (() => Awaitable<unknown>)[] = [];
  down = false;
  /** Of each call, while the primary is up. */
  flakiness = 0;
  fallbackFlakiness = 0;
  /** Calls of a fallback that failed: copies may be behind then, for a process that has not seen it. */
  fallbackFaults = 0;
  /** Answers that the app had from the primary. */
  answers = 0;
  readonly #sabotage: Sabotage | undefined;
  #calls = 0;
  #isLate = false;

  constructor(seed: number, sabotage?: Sabotage) {
    this.random = new SeededRandom(seed);
    this.ports = new SimulatedPorts({ seed });
    this.fallbacks = Array.from({ length: 1 + this.random.below(2) }, () => createMemoryStore());
    this.#sabotage = sabotage;
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  /** What was under way arrives, and nobody hears of it. */
  async arriveLate(): Promise<void> {
    const work = this.late.pop();
    this.#isLate = true;
    // The primary works synchronously.
    const arrival = work?.();
    this.#isLate = false;
    await arrival;
  }

  /** As the app reaches the primary in one of its lives. */
  primaryFor(life: Life): StorageAdapter {
    const adapter = this.#logged(this.#primaryAdapter(), "app");
    return intercept(adapter, (call, work) => this.#live(life, () => this.#overTheNetwork(call, work)));
  }

  fallbackFor(life: Life, store: MemoryStore): StorageAdapter {
    const adapter = this.#sabotage === "forgets marks" ? forgetful(memory({ store })) : memory({ store });
    return intercept(adapter, (call, work) =>
      this.#live(life, async () => {
        if (call.method === "open" || call.method === "close" || !this.chance(this.fallbackFlakiness)) return work();
        this.fallbackFaults++;
        if (this.chance(0.5)) await work();
        throw FAULT;
      }),
    );
  }

  /** As somebody else reaches it, for whom it is always there. */
  primaryForOthers(): StorageAdapter {
    return this.#logged(memory({ store: this.primary }), "other");
  }

  #primaryAdapter(): StorageAdapter {
    const adapter = memory({ store: this.primary });
    if (this.#sabotage !== "ignores preconditions") return adapter;
    const { put } = adapter;
    const careless: StorageAdapter["put"] = (record, condition, options) =>
      put.call(adapter, record, { ...condition, expect: "any" }, options);
    return Object.assign(adapter, { put: careless });
  }

  #live<R>(life: Life, work: () => Awaitable<R>): Promise<R> {
    if (life.dead) return new Promise(() => undefined);
    if (--life.callsLeft > 0)
      return Promise.resolve(work()).then((value) => (life.dead ? new Promise<R>(() => undefined) : value));
    life.dead = true;
    if (life.effectOfLast) void Promise.resolve(work()).catch(() => undefined);
    return new Promise(() => undefined);
  }

  async #overTheNetwork<R>(call: AdapterCall, work: () => Awaitable<R>): Promise<R> {
    if (call.method === "close") return work();
    if (this.down || this.chance(this.flakiness)) {
      const kind = this.random.below(4);
      if (kind === 1 && call.method !== "open") await work();
      if (kind === 2 && ["put", "delete", "batch"].includes(call.method)) this.late.push(work);
      // What opens has no signal, and fails when the network gives up.
      if (kind >= 2) await (call.method === "open" ? sleep(this.ports.timers, 30_000) : aborted(call.signal));
      throw FAULT;
    }
    const answer = await work();
    this.answers++;
    return answer;
  }

  #logged(adapter: StorageAdapter, by: "app" | "other"): StorageAdapter {
    const { put, batch } = adapter;
    const remove = adapter.delete;
    const standing = (key: string) => this.primary.record(key)?.header.version;
    const note = (write: AdapterWrite, replaced: Version | undefined, call: number) => {
      const isPut = write.type === "put";
      const { key, version } = isPut ? write.record.header : write;
      const id = isPut ? idIn(write.record.body) : undefined;
      this.log.push({ key, version, id, by, expect: write.expect, replaced, call, late: this.#isLate });
      if (by === "app") this.seen.add(version);
    };
    const twice = this.#sabotage === "takes versions twice" && by === "app";
    return intercept(
      Object.assign(adapter, {
        put: (record, condition, options) => {
          const { key, version } = record.header;
          const before = standing(key);
          const outcome = put.call(adapter, record, condition, options) as Awaited<ReturnType<typeof put>>;
          const repeated = twice && outcome.outcome === "stale" && outcome.floor === version;
          if (outcome.outcome === "written" || repeated)
            note({ type: "put", record, expect: condition.expect }, before, ++this.#calls);
          return outcome;
        },
        delete: (key, condition, options) => {
          const before = standing(key);
          const outcome = remove.call(adapter, key, condition, options) as Awaited<ReturnType<typeof remove>>;
          const { version, expect } = condition;
          if (outcome.outcome === "deleted") note({ type: "delete", key, version, expect }, before, ++this.#calls);
          return outcome;
        },
        batch: (writes, options) => {
          const before = writes.map((write) => standing(write.type === "put" ? write.record.header.key : write.key));
          const outcome = batch?.call(adapter, writes, options) as Awaited<ReturnType<NonNullable<typeof batch>>>;
          if (outcome.outcome === "applied") {
            this.#calls++;
            for (const [index, write] of writes.entries()) {
              if (outcome.results[index]?.outcome !== "absent") note(write, before[index], this.#calls);
            }
          }
          return outcome;
        },
      } satisfies Partial<StorageAdapter>),
      async (call, work) => {
        const answer = await work();
        if (by === "app" && (call.method === "get" || call.method === "stat")) {
          const version = versionIn(answer);
          if (version !== undefined) this.seen.add(version);
        }
        return answer;
      },
    );
  }

  /** What the primary holds under a key. */
  idAt(key: string): number | undefined {
    const record = this.primary.record(key);
    return record && idIn(record.body);
  }
}

/** A fallback that does not keep what it does not know. */
function forgetful(adapter: StorageAdapter): StorageAdapter {
  const { put } = adapter;
  return Object.assign(adapter, {
    put: ((record, condition, options) => {
      const { fallback: _, ...header } = record.header as typeof record.header & { fallback?: unknown };
      return put.call(adapter, { ...record, header }, condition, options);
    }) satisfies StorageAdapter["put"],
  });
}

function idIn(body: Uint8Array): number {
  return (JSON.parse(new TextDecoder().decode(body)) as { id: number }).id;
}

function versionIn(answer: unknown): string | undefined {
  const { header = answer } = (answer ?? {}) as { header?: unknown };
  return (header as { version?: string } | undefined)?.version;
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
