import { replacing, SimulatedPorts, Simulation } from "@holdfast/conformance";
import { openStorage } from "@holdfast/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { simpleAdapter } from "./simple-adapter.js";
import { createSimpleStore } from "./simple-store.js";

describe("SimulatedPorts", () => {
  it("calls timers in the order in which they come due, each at its instant", async () => {
    const ports = new SimulatedPorts({ start: 1_000 });
    const called: [string, number][] = [];
    const note = (name: string) => () => called.push([name, ports.clock.now()]);
    ports.timers.schedule(note("late"), 30, "foreground");
    ports.timers.schedule(note("early"), 10, "background");
    const cancel = ports.timers.schedule(note("cancelled"), 20, "foreground");
    cancel();
    await ports.advance(25);
    expect(called).toEqual([["early", 1_010]]);
    expect(ports.clock.now()).toBe(1_025);
    await ports.advance(5);
    expect(called).toEqual([
      ["early", 1_010],
      ["late", 1_030],
    ]);
  });

  it("lets the wall clock jump without a timer noticing", async () => {
    const ports = new SimulatedPorts({ start: 1_000_000 });
    let called = false;
    ports.timers.schedule(
      () => {
        called = true;
      },
      50,
      "foreground",
    );
    ports.jump(-900_000);
    expect(ports.clock.elapsed?.()).toBe(0);
    expect(ports.clock.now()).toBe(100_000);
    await ports.advance(49);
    expect(called).toBe(false);
    await ports.advance(1);
    expect(called).toBe(true);
    expect(ports.clock.elapsed?.()).toBe(50);
  });

  it("draws the same from the same seed", () => {
    const [one, same, other] = [1, 1, 2].map((seed) => new SimulatedPorts({ seed }).random.bytes(16));
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
  });
});

describe("Simulation", () => {
  it.each([
    { takes: 5, closeTimeout: 1 },
    { takes: 200, closeTimeout: 10_000 },
  ])(
    "lets a call that takes $takes ms of real time come to its end before what would give it up",
    async ({ takes, closeTimeout }) => {
      const simulation = new Simulation({ seed: 1 });
      const sound = simpleAdapter(createSimpleStore());
      const adapter = replacing(sound, {
        async close() {
          await new Promise((resolve) => setTimeout(resolve, takes));
          await sound.close();
        },
      });
      await simulation.run(async () => {
        const storage = await openStorage(simulation.adapter(adapter), { ports: simulation.ports, closeTimeout });
        await storage.save("a", 1);
        await storage.close();
      });
    },
  );

  it("does not take a machine that stands still for a call that has had its time", async () => {
    const simulation = new Simulation({ seed: 1 });
    const sound = simpleAdapter(createSimpleStore());
    const adapter = replacing(sound, {
      async close() {
        const answer = new Promise((resolve) => setTimeout(resolve, 15));
        for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
        const until = performance.now() + 30;
        while (performance.now() < until);
        await answer;
        await sound.close();
      },
    });
    await simulation.run(async () => {
      const storage = await openStorage(simulation.adapter(adapter), { ports: simulation.ports, closeTimeout: 1 });
      await storage.close();
    });
  });

  describe("where nothing moves", () => {
    afterEach(() => {
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    });

    /** From now on a turn takes as long as it says, of a clock of its own; resolves to what that clock says at the end. */
    async function driven(turnTakes: (turn: number) => number, work: () => Promise<void>): Promise<number> {
      let [now, turns] = [0, 0];
      vi.spyOn(performance, "now").mockImplementation(() => now);
      vi.stubGlobal("setTimeout", (callback: () => void) => {
        now += turnTakes(turns++);
        setImmediate(callback);
      });
      await work();
      return now;
    }

    // A timer of Node, of a browser, of Node on Windows, and of a tab that nobody sees.
    it.each([1, 4, 16, 1_000])("says so in seconds where a turn takes %i ms", async (turn) => {
      const ended = await driven(
        () => turn,
        () =>
          expect(new Simulation().run(() => new Promise(() => undefined))).rejects.toThrow("nothing moves any more"),
      );
      expect(ended).toBeGreaterThan(5_000);
      expect(ended).toBeLessThan(10_000);
    });

    it("does not say so at once of a machine that stood still for an hour", async () => {
      const [hour, turns] = [3_600_000, 100];
      let left = turns;
      await driven(
        (turn) => (turn === 0 ? hour : 1),
        () =>
          new Simulation().run(async () => {
            while (left-- > 0) await new Promise((resolve) => setImmediate(resolve));
          }),
      );
    });
  });

  /** Two clients that read, then write what they read and one more. */
  async function race(seed: number): Promise<{ sum: unknown; trace: readonly string[] }> {
    const store = createSimpleStore();
    const simulation = new Simulation({ seed });
    const { ports } = simulation;
    const sum = await simulation.run(async () => {
      const clients = await Promise.all(
        ["ann", "bob"].map((name) => openStorage(simulation.adapter(simpleAdapter(store), { name }), { ports })),
      );
      await Promise.all(
        clients.map(async (storage) => {
          const current = (await storage.load<number>("sum")) ?? 0;
          await storage.save("sum", current + 1);
        }),
      );
      return clients[0]?.load("sum");
    });
    return { sum, trace: simulation.trace };
  }

  it("brings the same order with the same seed", async () => {
    expect(await race(3)).toEqual(await race(3));
  });

  it("finds the lost update that some orders bring, and the orders that do not", async () => {
    const sums = new Set<unknown>();
    for (let seed = 0; seed < 30; seed++) sums.add((await race(seed)).sum);
    expect(sums).toEqual(new Set([1, 2]));
  });

  it("lets time pass only when nothing else is left to do", async () => {
    const simulation = new Simulation({ seed: 1, start: 0 });
    const { ports } = simulation;
    const adapter = simulation.adapter(simpleAdapter(createSimpleStore()), { latency: [1_000, 1_000] });
    await simulation.run(async () => {
      const storage = await openStorage(adapter, { ports });
      await storage.save("k", 1);
    });
    expect(ports.clock.now()).toBe(2_000);
  });

  it("names its seed when the scenario fails", async () => {
    const simulation = new Simulation({ seed: 42 });
    const failing = simulation.run(() => Promise.reject(new Error("wrong sum")));
    await expect(failing).rejects.toThrow("wrong sum\n(simulation with seed 42)");
  });
});
