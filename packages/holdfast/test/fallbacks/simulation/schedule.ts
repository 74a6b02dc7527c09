import { openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import { createStorage, type FallbackEvent } from "holdfast";
import { checkRead, checkUnanswered } from "./check-read.ts";
import { checkRun } from "./check-run.ts";
import type { Sabotage } from "./sabotage.ts";
import { type Life, World } from "./world.ts";

/** One write of the app's. */
export interface AppWrite {
  readonly key: string;
  /** Undefined for a deletion. */
  readonly id: number | undefined;
  /** The length of the primary's log when it was called, and of that of the ledgers. */
  readonly logged: number;
  readonly taken: number;
  /** Its place among all events. */
  readonly order: number;
  /** Which life of the app called. */
  readonly life: number;
  /** What was written as one has the same. */
  readonly batch: number;
  outcome: "pending" | "done" | "unknown" | "refused";
  /** As `order`. */
  answered: number;
}

export interface Run {
  readonly world: World;
  readonly writes: AppWrite[];
  readonly events: FallbackEvent[];
}

const KEYS = ["a", "b", "c"];
const STEPS = 14;

/**
 * Runs an app through one schedule of faults, and checks what became of each of its writes.
 * Throws an error that says what was wrong, with the seed in it.
 */
export async function runSchedule(seed: number, sabotage?: Sabotage): Promise<void> {
  const world = new World(seed, sabotage);
  const run: Run = { world, writes: [], events: [] };
  try {
    await new Schedule(run).play();
    checkRun(run);
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error} (schedule with seed ${seed})`, { cause: error });
  }
}

class Schedule {
  readonly #run: Run;
  readonly #world: World;
  #app: StorageEngine | undefined;
  #life: Life = { number: 0, dead: true, callsLeft: 0, effectOfLast: false };
  #ids = 0;

  constructor(run: Run) {
    this.#run = run;
    this.#world = run.world;
  }

  async play(): Promise<void> {
    const world = this.#world;
    const others = await openStorage(world.primaryForOthers(), { ports: world.ports });
    for (const key of KEYS) if (world.chance(0.5)) await others.save(key, { id: ++this.#ids });
    for (let step = 0; step < STEPS; step++) {
      this.#changeWeather();
      if (this.#app === undefined || this.#life.dead)
        await this.#start(world.chance(0.3) ? world.random.below(60) : Number.POSITIVE_INFINITY);
      const acts = Array.from({ length: 1 + world.random.below(3) }, () => this.#act());
      if (world.chance(0.25)) acts.push(this.#actOfOthers(others));
      await this.#until(Promise.all(acts));
      if (this.#life.dead) this.#giveUp();
      while (world.late.length > 0 && world.chance(0.5)) await world.arriveLate();
      if (world.chance(0.4)) await this.#pass(world.random.below(90_000));
      if (world.chance(0.1)) world.ports.jump(world.random.below(7_200_000) - 3_600_000);
    }
    await this.#calmDown();
    await this.#until(others.close());
  }

  #changeWeather(): void {
    const world = this.#world;
    if (world.chance(0.35)) world.down = !world.down;
    world.flakiness = world.chance(0.2) ? 0.4 : 0;
    world.fallbackFlakiness = world.chance(0.1) ? 0.3 : 0;
  }

  async #start(callsLeft: number): Promise<void> {
    const world = this.#world;
    const life = { number: this.#life.number + 1, dead: false, callsLeft, effectOfLast: world.chance(0.5) };
    this.#life = life;
    world.begin();
    const opening = createStorage(
      {
        primary: { adapter: world.primaryFor(life) },
        fallbacks: world.fallbacks.map((store) => ({ adapter: world.fallbackFor(life, store) })),
        retryPolicy: { retries: 1, timeout: 2_000 },
        onFallback: (event) => {
          this.#run.events.push(event);
          if (event.type === "mode") world.recovering = event.mode === "recovering";
        },
      },
      { ports: world.ports, retry: { retries: 1 } },
    ).then(
      (app) => {
        if (!life.dead) this.#app = app;
      },
      (error: unknown) => {
        // A fallback that fails keeps the app from starting; it is started again.
        if (!StorageError.is(error, "UNAVAILABLE")) throw error;
        life.dead = true;
      },
    );
    this.#app = undefined;
    await this.#until(opening);
  }

  async #act(): Promise<void> {
    const app = this.#app;
    const world = this.#world;
    if (app === undefined) return;
    const key = this.#key();
    switch (world.random.below(8)) {
      case 0:
      case 1:
        return this.#write([{ key, id: ++this.#ids }], ([write]) => app.save(key, { id: write?.id }));
      case 2:
        return this.#update(app, key);
      case 3:
        return this.#write([{ key, id: undefined }], () => app.delete(key));
      case 4:
        return this.#batch(app);
      case 5:
        return this.#saveAsSeen(app, key);
      default:
        return this.#load(app, key);
    }
  }

  async #write(
    wanted: readonly { key: string; id: number | undefined }[],
    call: (writes: readonly AppWrite[]) => Promise<unknown>,
  ): Promise<void> {
    const world = this.#world;
    const batch = world.tick();
    const writes = wanted.map(
      ({ key, id }): AppWrite => ({
        key,
        id,
        batch,
        logged: world.log.length,
        taken: world.taken.length,
        order: world.tick(),
        life: this.#life.number,
        outcome: "pending",
        answered: Number.POSITIVE_INFINITY,
      }),
    );
    this.#run.writes.push(...writes);
    let outcome: AppWrite["outcome"];
    try {
      const answer = await call(writes);
      // Of a deletion: nothing is there, unless it is its own first try that was taken without an answer.
      if (answer !== false) outcome = "done";
      else outcome = writes.some((write) => this.#hasTakenDeletion(write)) ? "unknown" : "refused";
    } catch (error) {
      outcome = outcomeOf(error);
    }
    for (const write of writes) {
      write.outcome = outcome;
      write.answered = world.tick();
    }
  }

  #hasTakenDeletion({ key, taken }: AppWrite): boolean {
    return this.#world.taken.slice(taken).some((entry) => entry.key === key && entry.state === "deleted");
  }

  #batch(app: StorageEngine): Promise<void> {
    const [first = "a", second = "b"] = this.#world.chance(0.5) ? ["a", "b"] : ["b", "c"];
    const wanted = [first, second].map((key) => ({ key, id: ++this.#ids }));
    return this.#write(wanted, () => app.batch(wanted.map(({ key, id }) => ({ type: "save", key, data: { id } }))));
  }

  async #update(app: StorageEngine, key: string): Promise<void> {
    // `change` may run several times; only what it made last is saved.
    const id = ++this.#ids;
    await this.#write([{ key, id }], () => app.update(key, () => ({ id })));
  }

  async #saveAsSeen(app: StorageEngine, key: string): Promise<void> {
    const { asked } = this.#world;
    asked.add(key);
    const item = await app.stat(key).catch(requireAway);
    asked.delete(key);
    await this.#write([{ key, id: ++this.#ids }], ([write]) =>
      app.save(key, { id: write?.id }, { ifVersion: item?.version ?? null }),
    );
  }

  async #load(app: StorageEngine, key: string): Promise<void> {
    const { world } = this.#run;
    const { answers } = world;
    const { number: life } = this.#life;
    const call = { key, order: world.tick(), logged: world.log.length, life };
    let value: { id: number } | undefined;
    try {
      value = await app.load<{ id: number }>(key);
    } catch (error) {
      requireAway(error);
      checkUnanswered(this.#run, call);
      return;
    }
    checkRead(this.#run, { ...call, id: value?.id, alone: answers === world.answers });
  }

  async #actOfOthers(others: StorageEngine): Promise<void> {
    const key = this.#key();
    if (this.#world.chance(0.2)) await others.delete(key);
    else await others.save(key, { id: ++this.#ids });
  }

  /** All is well again, and stays so: what waits must arrive. */
  async #calmDown(): Promise<void> {
    const world = this.#world;
    world.down = false;
    world.flakiness = 0;
    world.fallbackFlakiness = 0;
    while (world.late.length > 0) await world.arriveLate();
    while (this.#app === undefined || this.#life.dead) {
      this.#giveUp();
      await this.#start(Number.POSITIVE_INFINITY);
    }
    this.#life.callsLeft = Number.POSITIVE_INFINITY;
    const app: StorageEngine = this.#app;
    for (let minutes = 0; ; minutes++) {
      const { details } = await this.#until(app.getInfo());
      if (details["mode"] === "primary") {
        if (details["waiting"] !== 0) throw new Error(`${details["waiting"]} writes wait although the primary serves`);
        break;
      }
      if (minutes > 10) {
        const told = this.#run.events
          .slice(-3)
          .map((event) => (event.type === "mode" ? `${event.mode}: ${event.reason}` : event.type));
        throw new Error(`still in mode ${details["mode"]} ten minutes after all was well; last was ${told.join("; ")}`);
      }
      await this.#pass(60_000);
    }
    await this.#until(app.close());
  }

  #giveUp(): void {
    this.#app = undefined;
    for (const write of this.#run.writes) {
      if (write.outcome !== "pending") continue;
      write.outcome = "unknown";
      write.answered = this.#world.tick();
    }
  }

  #key(): string {
    return KEYS[this.#world.random.below(KEYS.length)] ?? "a";
  }

  /** Lets time pass until the work has ended or the process has died. */
  async #until<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    let failure: unknown;
    let answer: T | undefined;
    work.then(
      (value) => {
        answer = value;
        ended = true;
      },
      (error: unknown) => {
        failure = error;
        ended = true;
      },
    );
    for (let idle = 0; !ended && !this.#life.dead; ) {
      await turn();
      if (ended || this.#life.dead) break;
      if (this.#world.ports.fireNext()) idle = 0;
      else if (++idle > 100) throw new Error("nothing moves any more");
    }
    if (failure !== undefined) throw failure;
    // Undefined only for a process that has died, whose answers nobody reads.
    return answer as T;
  }

  async #pass(milliseconds: number): Promise<void> {
    const { ports } = this.#world;
    let passed = false;
    ports.timers.schedule(
      () => {
        passed = true;
      },
      milliseconds,
      "foreground",
    );
    while (!passed) {
      ports.fireNext();
      await turn();
    }
  }
}

/** Every promise that could settle by now has. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function outcomeOf(error: unknown): "unknown" | "refused" {
  if (StorageError.is(error, "CONFLICT")) return "refused";
  requireAway(error);
  return "unknown";
}

function requireAway(error: unknown): undefined {
  if (!StorageError.is(error, "UNAVAILABLE") && !StorageError.is(error, "TIMEOUT")) throw error;
}
