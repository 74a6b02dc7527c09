import { type AdapterCall, intercept, SeededRandom, SimulatedPorts } from "@holdfast/conformance";
import {
  type AdapterWrite,
  type Awaitable,
  type BatchOutcome,
  type DeleteOutcome,
  type PutOutcome,
  type StorageAdapter,
  StorageError,
  type StoredRecord,
  sleep,
  type Version,
} from "@holdfast/core";
import { createMemoryStore, type MemoryStore, memory } from "@holdfast/memory";
import { overriding } from "./overriding.ts";
import { type Sabotage, spoiled } from "./sabotage.ts";

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
  readonly at: number;
}

/** One write that a fallback took, to hand it over later. */
export interface Taken {
  readonly key: string;
  readonly version: Version;
  readonly state: "saved" | "deleted";
}

/** One call of a fallback that failed. */
export interface FallbackFault {
  readonly life: number;
  /** It may have been to make a copy, or to drop one. */
  readonly ofCopy: boolean;
  /** Undefined: of several. */
  readonly key: string | undefined;
  readonly at: number;
}

/** One life of the app: when it has died, nothing that it began goes on. */
export interface Life {
  readonly number: number;
  dead: boolean;
  /** Calls of any member until the process dies; and whether the last one still takes effect. */
  callsLeft: number;
  readonly effectOfLast: boolean;
}

/** Calls without which a copy is neither made nor dropped. */
const COPYING: ReadonlySet<string> = new Set(["stat", "put", "delete", "batch"]);
const FAULT = new StorageError("UNAVAILABLE", "the connection was lost");

/** What a store holds is for its adapters alone to see; here it is looked into at once, in the middle of a call. */
type OpenStore = MemoryStore & { record(key: string): StoredRecord | undefined };

/** Stores that outlive the app, what goes wrong on the way to them, and what the primary has taken. */
export class World {
  readonly random: SeededRandom;
  readonly ports: SimulatedPorts;
  readonly primary: OpenStore = createMemoryStore() as OpenStore;
  readonly fallbacks: readonly MemoryStore[];
  readonly log: Commit[] = [];
  /** What fallbacks took, also of what was taken anew with a greater version. */
  readonly taken: Taken[] = [];
  /** What is asked of the primary is asked by the replay, not for the app. */
  recovering = false;
  /** Keys whose header the app itself asks for. */
  readonly asked = new Set<string>();
  /** By key, how much of the log was there when the primary last answered the present life of the app with the item. */
  readonly horizon = new Map<string, number>();
  /** Versions of the primary that were told to the app. */
  readonly seen = new Set<string>();
  /** Writes that will reach the primary long after anybody waited for them. */
  readonly late: (() => Awaitable<unknown>)[] = [];
  down = false;
  /** Of each call, while the primary is up. */
  flakiness = 0;
  fallbackFlakiness = 0;
  readonly fallbackFaults: FallbackFault[] = [];
  /** Answers that the app had from the primary. */
  answers = 0;
  readonly #sabotage: Sabotage | undefined;
  #calls = 0;
  #isLate = false;
  #ticks = 0;

  constructor(seed: number, sabotage?: Sabotage) {
    this.random = new SeededRandom(seed);
    this.ports = new SimulatedPorts({ seed });
    this.fallbacks = Array.from({ length: 1 + this.random.below(2) }, () => createMemoryStore());
    this.#sabotage = sabotage;
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability;
  }

  /** The place of an event among all: of a call, an answer, a write of the primary. */
  tick(): number {
    return ++this.#ticks;
  }

  /** A new life of the app begins. */
  begin(): void {
    this.recovering = false;
    this.asked.clear();
    this.horizon.clear();
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
    const store = spoiled(memory({ store: this.primary }), "store of the primary", this.#sabotage);
    const adapter = spoiled(this.#logged(store, "app"), "way to the primary", this.#sabotage);
    return intercept(adapter, (call, work) => this.#live(life, () => this.#overTheNetwork(call, work)));
  }

  fallbackFor(life: Life, store: MemoryStore): StorageAdapter {
    const adapter = spoiled(this.#noting(memory({ store })), "fallback", this.#sabotage);
    return intercept(adapter, (call, work) =>
      this.#live(life, async () => {
        if (call.method === "open" || call.method === "close" || !this.chance(this.fallbackFlakiness)) return work();
        const { number } = life;
        const ofCopy = COPYING.has(call.method);
        this.fallbackFaults.push({ life: number, key: call.key, ofCopy, at: this.tick() });
        if (this.chance(0.5)) await work();
        throw FAULT;
      }),
    );
  }

  /** As somebody else reaches it, for whom it is always there. */
  primaryForOthers(): StorageAdapter {
    return this.#logged(memory({ store: this.primary }), "other");
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
    const { length } = this.log;
    const answer = await work();
    this.answers++;
    if (call.method === "get" && call.key !== undefined) this.horizon.set(call.key, length);
    return answer;
  }

  #logged(adapter: StorageAdapter, by: "app" | "other"): StorageAdapter {
    const standing = (key: string) => this.primary.record(key)?.header.version;
    const note = (write: AdapterWrite, replaced: Version | undefined, call: number) => {
      const isPut = write.type === "put";
      const { key, version } = isPut ? write.record.header : write;
      const id = isPut ? idIn(write.record.body) : undefined;
      const { expect } = write;
      this.log.push({ key, version, id, by, expect, replaced, call, late: this.#isLate, at: this.tick() });
      if (by === "app") this.seen.add(version);
    };
    // A memory adapter works at once: see `arriveLate`.
    return intercept(
      overriding<StorageAdapter>(adapter, {
        put: (record, condition, options) => {
          const before = standing(record.header.key);
          const outcome = adapter.put(record, condition, options) as PutOutcome;
          if (outcome.outcome === "written") {
            note({ type: "put", record, expect: condition.expect }, before, ++this.#calls);
          }
          return outcome;
        },
        delete: (key, condition, options) => {
          const before = standing(key);
          const outcome = adapter.delete(key, condition, options) as DeleteOutcome;
          const { version, expect } = condition;
          if (outcome.outcome === "deleted") note({ type: "delete", key, version, expect }, before, ++this.#calls);
          return outcome;
        },
        batch: (writes, options) => {
          const before = writes.map((write) => standing(write.type === "put" ? write.record.header.key : write.key));
          const outcome = adapter.batch?.(writes, options) as BatchOutcome;
          if (outcome.outcome === "applied") {
            this.#calls++;
            for (const [index, write] of writes.entries()) {
              if (outcome.results[index]?.outcome !== "absent") note(write, before[index], this.#calls);
            }
          }
          return outcome;
        },
      }),
      async (call, work) => {
        const answer = await work();
        const { method, key = "" } = call;
        // What was asked of a primary that came and went may be answered while the replay asks as well.
        const isForApp = method === "get" || (method === "stat" && (!this.recovering || this.asked.has(key)));
        if (by === "app" && isForApp) {
          const version = versionIn(answer);
          if (version !== undefined) this.seen.add(version);
        }
        return answer;
      },
    );
  }

  /** Notes what a fallback has taken to hand it over. */
  #noting(adapter: StorageAdapter): StorageAdapter {
    const note = ({ header }: StoredRecord) => {
      const { key, fallback } = header as typeof header & { fallback?: { version: Version; state: string } };
      if (fallback === undefined || fallback.state === "copy") return;
      const { version, state } = fallback;
      this.taken.push({ key, version, state: state === "deleted" ? "deleted" : "saved" });
    };
    return overriding<StorageAdapter>(adapter, {
      put: (record, ...more) => {
        const outcome = adapter.put(record, ...more) as PutOutcome;
        if (outcome.outcome === "written") note(record);
        return outcome;
      },
      batch: (writes, ...more) => {
        const outcome = adapter.batch?.(writes, ...more) as BatchOutcome;
        if (outcome.outcome === "applied") for (const write of writes) if (write.type === "put") note(write.record);
        return outcome;
      },
    });
  }
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
