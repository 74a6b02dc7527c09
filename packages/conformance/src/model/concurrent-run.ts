import { openStorage, type StorageEngine, StorageError } from "@holdfast/core";
import fc from "fast-check";
import { fail } from "../assert.js";
import type { Context } from "../context.js";
import { viewOf } from "../harness.js";
import { Simulation } from "../simulation/simulation.js";
import { isLinearizable, type Observed, type Register } from "./linearizable.js";

export interface ConcurrentStep {
  readonly do: "save" | "create" | "replace" | "delete" | "update" | "load" | "stat";
  readonly key: "x" | "y";
}

const step: fc.Arbitrary<ConcurrentStep> = fc.record({
  do: fc.constantFrom("save", "create", "replace", "replace", "delete", "update", "load", "stat"),
  key: fc.constantFrom("x", "y"),
});

/** What each client does, and the seed of the order in which their calls take turns. */
export const concurrentRuns: fc.Arbitrary<{ clients: ConcurrentStep[][]; seed: number }> = fc.record({
  clients: fc.array(fc.array(step, { minLength: 2, maxLength: 5 }), { minLength: 2, maxLength: 3 }),
  seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
});

/** Runs the clients over an adapter each, and fails unless what they saw could have happened one step after the other. */
export async function runConcurrently(
  context: Context,
  name: string,
  { clients, seed }: { clients: readonly (readonly ConcurrentStep[])[]; seed: number },
): Promise<void> {
  const simulation = new Simulation({ seed, start: context.clock.now() });
  const history = new Map<string, Observed[]>();
  await simulation.run(async () => {
    const roots = await Promise.all(
      clients.map((_, index) =>
        openStorage(simulation.adapter(context.backing.adapter(), { name: `client ${index}` }), {
          ...context.mode.settings,
          ports: simulation.ports,
        }),
      ),
    );
    await Promise.all(
      roots.map(async (root, index) => {
        const client = new Client(viewOf(root, context.mode).namespace(name), index, simulation, history);
        for (const each of clients[index] ?? []) await client.make(each);
      }),
    );
    await Promise.all(roots.map((root) => root.close()));
  });
  for (const [key, observed] of history) {
    if (isLinearizable(observed)) continue;
    const told = observed.map((each) => `${each.called}-${each.answered} ${each.name}`).join("\n  ");
    fail(`no order of these steps on ${key} explains what was answered (seed ${seed}):\n  ${told}`);
  }
}

class Client {
  readonly #storage: StorageEngine;
  readonly #index: number;
  readonly #simulation: Simulation;
  readonly #history: Map<string, Observed[]>;
  #made = 0;

  constructor(storage: StorageEngine, index: number, simulation: Simulation, history: Map<string, Observed[]>) {
    this.#storage = storage;
    this.#index = index;
    this.#simulation = simulation;
    this.#history = history;
  }

  async make({ do: action, key }: ConcurrentStep): Promise<void> {
    const value = `client ${this.#index}, step ${this.#made++}`;
    if (action === "replace") {
      const standing = await this.#observe(key, `stat ${key}`, () => this.#storage.stat(key), stood);
      if (standing === undefined || standing === "CONFLICT") return;
      const ifVersion = standing.version;
      await this.#write(key, `replace ${ifVersion}`, value, ifVersion, () =>
        this.#storage.save(key, value, { ifVersion }),
      );
    } else if (action === "create") {
      await this.#write(key, "create", value, null, () => this.#storage.save(key, value, { ifVersion: null }));
    } else if (action === "save") {
      await this.#write(key, "save", value, undefined, () => this.#storage.save(key, value));
    } else if (action === "delete") {
      await this.#observe(
        key,
        "delete",
        () => this.#storage.delete(key),
        (deleted) => (state) => ((state !== undefined) === deleted ? undefined : "impossible"),
      );
    } else if (action === "load") {
      await this.#observe(
        key,
        "load",
        () => this.#storage.load(key),
        (loaded) => (state) => (state?.value === loaded ? state : "impossible"),
      );
    } else if (action === "stat") {
      await this.#observe(key, "stat", () => this.#storage.stat(key), stood);
    } else {
      let from: unknown;
      const change = (current: unknown) => {
        from = current;
        return value;
      };
      await this.#observe(
        key,
        "update",
        () => this.#storage.update<unknown>(key, change),
        (item) => (state) =>
          state?.value === from && item !== undefined && item !== "CONFLICT"
            ? { value, version: item.version }
            : "impossible",
      );
    }
  }

  async #write(
    key: string,
    name: string,
    value: string,
    ifVersion: string | null | undefined,
    call: () => Promise<{ readonly version: string }>,
  ): Promise<void> {
    const holds = (state: Register | undefined) => ifVersion === undefined || (state?.version ?? null) === ifVersion;
    await this.#observe(key, name, call, (answer) => (state) => {
      if (answer === "CONFLICT") return holds(state) ? "impossible" : state;
      return holds(state) ? { value, version: answer.version } : "impossible";
    });
  }

  async #observe<T>(
    key: string,
    name: string,
    call: () => Promise<T>,
    explained: (answer: T | "CONFLICT") => Observed["apply"],
  ): Promise<T | "CONFLICT"> {
    const called = this.#simulation.trace.length;
    let answer: T | "CONFLICT";
    try {
      answer = await call();
    } catch (error) {
      if (!StorageError.is(error, "CONFLICT")) throw error;
      answer = "CONFLICT";
    }
    const answered = this.#simulation.trace.length;
    const observed = this.#history.get(key) ?? [];
    this.#history.set(key, observed);
    observed.push({ name: `client ${this.#index}: ${name}`, called, answered, apply: explained(answer) });
    return answer;
  }
}

function stood(item: { readonly version: string } | undefined | "CONFLICT"): Observed["apply"] {
  return (state) => (item !== "CONFLICT" && state?.version === item?.version ? state : "impossible");
}
