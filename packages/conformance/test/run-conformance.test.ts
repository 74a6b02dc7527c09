import * as nodeTest from "node:test";
import {
  type Backing,
  type Case,
  ConformanceError,
  describeAdapter,
  type Harness,
  modes,
  plain,
  type Result,
  replacing,
  runConformance,
  type TestRunner,
  type Theme,
  themes,
} from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { simpleHarness } from "./simple-harness.js";

/** The modes that are for every theme. */
const everywhere = modes.filter((mode) => mode.themes === undefined);
const pass: Case = { name: "passes", run: async () => undefined };

describe("runConformance", () => {
  it("reports each case in each mode, with what a failed one threw", async () => {
    const broken = new ConformanceError("broken promise");
    const fails: Case = { name: "fails", run: () => Promise.reject(broken) };
    const results = await resultsOf(simpleHarness(), [{ name: "theme", cases: [pass, fails] }], everywhere);
    const facts = results.map(({ mode, theme, case: name, passed, error }) => ({ mode, theme, name, passed, error }));
    expect(facts).toEqual(
      everywhere.flatMap(({ name: mode }) => [
        { mode, theme: "theme", name: "passes", passed: true, error: undefined },
        { mode, theme: "theme", name: "fails", passed: false, error: broken },
      ]),
    );
  });

  it("runs a case that needs to run once in the first mode only", async () => {
    const results = await resultsOf(
      simpleHarness(),
      [{ name: "theme", cases: [{ ...pass, once: true }, pass] }],
      everywhere,
    );
    expect(results).toHaveLength(1 + everywhere.length);
  });

  it("runs in a mode that names themes these alone", async () => {
    const some = { ...plain, name: "some", themes: ["chosen"] };
    const both = ["chosen", "left out"].map((name) => ({ name, cases: [pass] }));
    const results = await resultsOf(simpleHarness(), both, [plain, some]);
    expect(results.map(({ mode, theme }) => `${mode}: ${theme}`)).toEqual([
      "plain: chosen",
      "plain: left out",
      "some: chosen",
    ]);
  });

  it("checks the refusal where a need is not met, and says so", async () => {
    const ran: string[] = [];
    const needy = (met: boolean): Case => ({
      name: "needy",
      needs: { name: "wings", metBy: () => met },
      run: async () => void ran.push("run"),
      otherwise: async () => void ran.push("otherwise"),
    });
    const results = await resultsOf(simpleHarness(), [{ name: "theme", cases: [needy(true), needy(false)] }]);
    expect(ran).toEqual(["run", "otherwise"]);
    expect(results.map(({ refused }) => refused)).toEqual([undefined, "wings"]);
  });

  it("names the first of several needs that is not met", async () => {
    const needs = [true, false, false].map((met, index) => ({ name: `need ${index}`, metBy: () => met }));
    const needy: Case = { ...pass, needs, otherwise: async () => undefined };
    const [result] = await resultsOf(simpleHarness(), [{ name: "theme", cases: [needy] }]);
    expect(result?.refused).toBe("need 1");
  });

  it("fails a case that never ends, and still removes its store", async () => {
    let destroyed = 0;
    const hanging: Case = { name: "hangs", run: never };
    const harness = { ...destroying(() => void destroyed++), timeout: 20 };
    const [result] = await resultsOf(harness, [{ name: "theme", cases: [hanging] }]);
    expect(result?.error).toEqual(late("the case"));
    expect(destroyed).toBe(1);
  });

  it("fails a case whose store never opens, and goes on", async () => {
    const harness: Harness = { ...simpleHarness(), open: never, timeout: 20 };
    const results = await resultsOf(harness, [{ name: "theme", cases: [pass, { ...pass, name: "passes too" }] }]);
    expect(results.map(({ error }) => error)).toEqual([late("opening the store"), late("opening the store")]);
  });

  it("removes a store that opened too late", async () => {
    const destroyed = Promise.withResolvers<void>();
    const sound = destroying(destroyed.resolve);
    const opened = Promise.withResolvers<Backing>();
    const harness: Harness = { ...sound, open: () => opened.promise, timeout: 20 };
    const [result] = await resultsOf(harness, [{ name: "theme", cases: [pass] }]);
    expect(result?.error).toEqual(late("opening the store"));
    opened.resolve(await sound.open());
    await destroyed.promise;
  });

  it("tells a store that is never removed from a case that never ends", async () => {
    const sound = simpleHarness();
    const harness: Harness = { ...sound, open: async () => ({ ...(await sound.open()), destroy: never }), timeout: 20 };
    const [result] = await resultsOf(harness, [{ name: "theme", cases: [pass] }]);
    expect(result?.error).toEqual(late("closing and removing the store"));
  });

  it("closes what a case left open before its store is removed", async () => {
    const order: string[] = [];
    const harness = destroying(() => void order.push("destroyed"));
    const leaves: Case = {
      name: "leaves open",
      async run(context) {
        const storage = await context.open();
        const { close } = storage;
        storage.close = () => {
          order.push("closed");
          return close.call(storage);
        };
      },
    };
    await resultsOf(harness, [{ name: "theme", cases: [leaves] }]);
    expect(order).toEqual(["closed", "destroyed"]);
  });

  it("fails a case whose store cannot be closed or removed", async () => {
    const harness = destroying(() => {
      throw new Error("still in use");
    });
    const [alone] = await resultsOf(harness, [{ name: "theme", cases: [pass] }]);
    expect(alone?.error).toEqual(new Error("still in use"));
    const fails: Case = { name: "fails", run: () => Promise.reject(new ConformanceError("broken promise")) };
    const [both] = await resultsOf(harness, [{ name: "theme", cases: [fails] }]);
    expect(both?.error).toBeInstanceOf(AggregateError);
    expect(String(both?.error)).toContain("broken promise");
    expect(String(both?.error)).toContain("still in use");
  });
});

describe("an adapter or a harness without types", () => {
  const capabilities = themes.filter(({ name }) => name === "capabilities");

  async function reasonsFor(spoil: (sound: StorageAdapter) => object): Promise<string[]> {
    const harness = simpleHarness("spoilt", (sound) => replacing(sound, spoil(sound)));
    const results = await resultsOf(harness, capabilities);
    return results.flatMap(({ passed, error }) => (passed ? [] : [String(error)]));
  }

  it("is told each level that is wrong at once", async () => {
    const [reason] = await reasonsFor(({ capabilities: sound }) => ({
      capabilities: { ...sound, durability: "disk", batch: "yes", limits: { body: 2 ** 30, bufferedBody: 1 } },
    }));
    expect(reason).toBe(
      'ConformanceError: durability is "disk", expected one of memory, process, media; ' +
        'batch is "yes", expected one of none, bulk, atomic; ' +
        "the limit bufferedBody is 1, expected a whole number of at least 64 MiB",
    );
  });

  it("is told that its limits are none", async () => {
    const [reason] = await reasonsFor(({ capabilities: sound }) => ({ capabilities: { ...sound, limits: undefined } }));
    expect(reason).toBe("ConformanceError: limits is undefined, expected an object with body and bufferedBody");
  });

  it.each(["open", "stat", "get", "put", "delete", "list", "classify", "close"])(
    "is told of the method %s where it has none",
    async (method) => {
      const reasons = await reasonsFor(() => ({ [method]: undefined }));
      expect(reasons).toContainEqual(
        expect.stringContaining(`the type of the adapter's method ${method} is "undefined", expected "function"`),
      );
    },
  );

  it.each<[string, (sound: Backing) => unknown, string]>([
    ["nothing", () => undefined, "open of the harness gave undefined and no store"],
    ["half of a store", ({ adapter }) => ({ adapter }), "open of the harness gave no persistent, no destroy"],
    [
      "a peer that is none",
      (sound) => ({ ...sound, persistent: "yes", peer: {} }),
      'open of the harness gave as persistent "yes", which is no boolean, as peer {}, which is no function',
    ],
    ["no adapter", (sound) => ({ ...sound, adapter: () => null }), "adapter() of the harness gave null and no adapter"],
    [
      "a promise of an adapter",
      (sound) => ({ ...sound, adapter: async () => sound.adapter() }),
      "adapter() of the harness gave a promise: what takes time belongs into the adapter's open",
    ],
    [
      "an adapter without capabilities",
      (sound) => ({ ...sound, adapter: () => replacing(sound.adapter(), { capabilities: undefined as never }) }),
      "the adapter's capabilities are undefined, expected an object",
    ],
  ])("is told that open gives %s", async (_, spoil, reason) => {
    const sound = simpleHarness();
    const harness: Harness = { ...sound, open: async () => spoil(await sound.open()) as Backing };
    const [result] = await resultsOf(harness, [{ name: "theme", cases: [pass] }]);
    expect(result?.error).toEqual(new ConformanceError(reason));
  });
});

describe("describeAdapter", () => {
  it("hands each planned case to the runner, below its mode and theme", async () => {
    const path: string[] = [];
    const handed: string[] = [];
    const bodies: (() => Promise<void>)[] = [];
    const runner: TestRunner = {
      describe(name, body) {
        path.push(name);
        body();
        path.pop();
      },
      it(name, body) {
        handed.push([...path, name].join(" > "));
        bodies.push(body);
      },
    };
    const failing: Case = { name: "fails", run: () => Promise.reject(new ConformanceError("broken promise")) };
    describeAdapter(simpleHarness("mine"), runner, {
      modes: [plain],
      themes: [{ name: "theme", cases: [pass, failing] }],
    });
    expect(handed).toEqual(["mine, plain > theme > passes", "mine, plain > theme > fails"]);
    await expect(bodies[0]?.()).resolves.toBeUndefined();
    await expect(bodies[1]?.()).rejects.toThrow("broken promise");
  });

  it("takes the functions of vitest and of node:test as they are", () => {
    const runners: TestRunner[] = [{ describe, it }, nodeTest];
    expect(runners).toHaveLength(2);
  });
});

describe("the suite", () => {
  it("has every theme that a mode names", () => {
    const names = themes.map(({ name }) => name);
    for (const mode of modes) expect(names).toEqual(expect.arrayContaining([...(mode.themes ?? [])]));
  });

  it("names each theme once, and each case once in its theme", () => {
    expect(new Set(themes.map(({ name }) => name)).size).toBe(themes.length);
    for (const { cases } of themes) expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});

async function resultsOf(
  harness: Harness,
  only: readonly Theme[],
  inModes = [plain] as typeof modes,
): Promise<Result[]> {
  const results: Result[] = [];
  for await (const result of runConformance(harness, { modes: inModes, themes: only })) results.push(result);
  return results;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function late(step: string): ConformanceError {
  return new ConformanceError(
    `${step} was not done after 20 ms: give the harness a longer \`timeout\` if it is only slow`,
  );
}

function destroying(destroy: () => void): Harness {
  const sound = simpleHarness();
  return { ...sound, open: async () => ({ ...(await sound.open()), destroy: async () => destroy() }) };
}
