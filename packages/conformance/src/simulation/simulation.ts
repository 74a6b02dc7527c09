import type { Awaitable, StorageAdapter } from "@holdfast/core";
import { type AdapterCall, intercept } from "../faults/intercept.js";
import { SeededRandom } from "./seeded.js";
import { macrotask, SimulatedPorts, type SimulatedPortsOptions } from "./simulated-ports.js";

/** How an adapter behaves in a simulation. */
export interface SimulatedAdapterOptions {
  /** Shown in the trace. Default: the adapter's name and a number. */
  readonly name?: string | undefined;
  /** Milliseconds of simulated time that each call takes, from the first to the second. Default: none. */
  readonly latency?: readonly [least: number, most: number] | undefined;
}

/** Milliseconds after which a simulation in which nothing moves is given up. */
const STUCK_AFTER = 5_000;
/** Milliseconds that count of one turn towards them: as long as a turn takes where timers are the slowest, in a tab that nobody sees. */
const MOST_STILL = 1_000;
/**
 * Milliseconds that count of one turn for a call that is under way: what stops the machine for longer stops the call as well, which has had
 * no more of the time.
 */
const MOST_A_TURN = 2;
/**
 * Turns, and milliseconds that count, that a call which is under way has to itself before the next timer, for which it may wait, is called:
 * a backend that really reads and writes takes longer than a few turns, and must not be overtaken by what would give it up. So what is far
 * off, as that is, comes later than what an adapter waits for between two tries.
 */
const TURNS_ALONE = 3;
const LEAST_ALONE = 20;
const MOST_ALONE = 2_000;

interface Gate {
  readonly label: string;
  readonly open: () => void;
}

/**
 * Runs several clients of one or more storages, and decides by a seed whose turn it is: each call of a simulated adapter
 * waits until it is chosen, and so does each answer. Between two turns everything runs that can; time passes only when
 * nothing else is left to do. The same seed brings the same order.
 *
 * @example
 * const simulation = new Simulation({ seed });
 * const { ports } = simulation;
 * const adapter = () => simulation.adapter(memory({ store }));
 * await simulation.run(async () => {
 *   const [ann, bob] = [await openStorage(adapter(), { ports }), await openStorage(adapter(), { ports })];
 *   await Promise.all([rename(ann), rename(bob)]);
 * });
 */
export class Simulation {
  /** What a failure should print: the same seed brings the same order. */
  readonly seed: number;
  /** For every storage that takes part. */
  readonly ports: SimulatedPorts;
  /** The turns so far: what was called by whom, and when answers came. */
  readonly trace: readonly string[];
  readonly #random: SeededRandom;
  readonly #trace: string[] = [];
  readonly #gates: Gate[] = [];
  #underWay = 0;
  #adapters = 0;

  constructor(options: SimulatedPortsOptions = {}) {
    this.ports = new SimulatedPorts(options);
    this.seed = this.ports.seed;
    this.#random = new SeededRandom(this.seed ^ 0x5eed);
    this.trace = this.#trace;
  }

  /** The adapter with each call and each answer waiting for its turn. Wrap it in `faulty` for faults, not the other way round. */
  adapter(adapter: StorageAdapter, { name, latency }: SimulatedAdapterOptions = {}): StorageAdapter {
    const shown = name ?? `${adapter.name} ${++this.#adapters}`;
    return intercept(adapter, async <R>(call: AdapterCall, work: () => Awaitable<R>): Promise<R> => {
      const label = `${shown}: ${call.method}${call.key === undefined ? "" : ` ${call.key}`}`;
      await this.#turn(label);
      if (latency !== undefined) await this.#pass(latency);
      this.#underWay++;
      try {
        return await work();
      } finally {
        this.#underWay--;
        await this.#turn(`${label}, answered`);
      }
    });
  }

  /**
   * Runs `scenario` to its end. What it throws comes out with the seed in its message.
   * To be called once for each simulation.
   */
  async run<T>(scenario: () => Promise<T>): Promise<T> {
    let settled = false;
    const running = scenario().finally(() => {
      settled = true;
    });
    const outcome = running.catch(() => undefined);
    try {
      await this.#drive(() => settled);
      await outcome;
      return await running;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason}\n(simulation with seed ${this.seed})`, { cause: error });
    }
  }

  async #drive(settled: () => boolean): Promise<void> {
    let last = performance.now();
    let still = 0;
    let passed = 0;
    let alone = 0;
    for (;;) {
      await macrotask();
      if (settled()) return;
      const now = performance.now();
      still += Math.min(now - last, MOST_STILL);
      passed += Math.min(now - last, MOST_A_TURN);
      last = now;
      if (this.#underWay > 0 && (++alone <= TURNS_ALONE || passed < this.#timeAlone)) continue;
      if (this.#step()) {
        still = 0;
        passed = 0;
        alone = 0;
      } else if (still > STUCK_AFTER) {
        throw new Error(`nothing moves any more; the last turns: ${this.#trace.slice(-5).join(" | ") || "none"}`);
      }
    }
  }

  /** As long as the next timer itself has to go, within bounds. */
  get #timeAlone(): number {
    const { clock } = this.ports;
    const ahead = (this.ports.nextDue() ?? 0) - (clock.elapsed?.() ?? 0);
    return Math.min(MOST_ALONE, Math.max(LEAST_ALONE, ahead));
  }

  /** One turn: of a call or an answer where one waits, else of time. Background timers alone move nothing. */
  #step(): boolean {
    const mayPass = this.#underWay > 0 || this.ports.foregroundWaits;
    if (this.#underWay === 0 && this.#gates.length > 0) {
      const [gate] = this.#gates.splice(this.#random.below(this.#gates.length), 1);
      if (gate !== undefined) {
        this.#trace.push(gate.label);
        gate.open();
        return true;
      }
    }
    return mayPass && this.ports.fireNext();
  }

  #turn(label: string): Promise<void> {
    return new Promise((open) => {
      this.#gates.push({ label, open });
    });
  }

  #pass([least, most]: readonly [number, number]): Promise<void> {
    const duration = least + this.#random.fraction() * (most - least);
    return new Promise((resolve) => {
      this.ports.timers.schedule(resolve, duration, "foreground");
    });
  }
}
