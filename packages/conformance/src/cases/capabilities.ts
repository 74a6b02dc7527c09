import type { Capabilities, StorageAdapter } from "@holdfast/core";
import { equal, ok } from "../assert.js";
import { isObject } from "../check-harness.js";
import { difference, show } from "../difference.js";
import type { Theme } from "../suite.js";
import { underDeclared } from "./under-declared.js";

const LEVELS: { readonly [K in Exclude<keyof Capabilities, "limits">]: readonly Capabilities[K][] } = {
  durability: ["memory", "process", "media"],
  compareAndSet: ["none", "process", "cross-process"],
  batch: ["none", "bulk", "atomic"],
  query: ["scan", "native"],
  watch: ["none", "process", "cross-process"],
  changes: ["none", "native"],
  history: ["none", "native"],
  streams: ["buffered", "bounded"],
};

const LEAST_LIMIT = 64 * 1024 * 1024;

const OF_EVERY_ADAPTER: readonly (keyof StorageAdapter)[] = [
  "open",
  "stat",
  "get",
  "put",
  "delete",
  "list",
  "classify",
  "close",
];

export const capabilities: Theme = {
  name: "capabilities",
  cases: [
    {
      name: "each has a level that there is, and the limits are sizes",
      async run({ capabilities: declared }) {
        const names = difference(Object.keys(declared).sort(), [...Object.keys(LEVELS), "limits"].sort());
        const wrong = [
          ...wrongLevels(declared),
          ...(names === undefined ? [] : [`the names of the capabilities${names}`]),
          ...wrongLimits(declared.limits),
        ];
        // All at once: who writes an adapter has them all to mend.
        ok(wrong.length === 0, wrong.join("; "));
      },
    },
    {
      name: "what is declared is there, and what is there is declared",
      async run(context) {
        const adapter = context.backing.adapter();
        const { batch, query, watch, changes, history, streams } = adapter.capabilities;
        const declared: [method: keyof StorageAdapter, expected: boolean][] = [
          ...OF_EVERY_ADAPTER.map((method) => [method, true] as [keyof StorageAdapter, boolean]),
          ["batch", batch !== "none"],
          ["query", query === "native"],
          ["count", query === "native"],
          ["watch", watch !== "none"],
          ["changes", changes === "native"],
          ["lastCursor", changes === "native"],
          ["readStream", streams === "bounded"],
          ["writeStream", streams === "bounded"],
        ];
        for (const [method, expected] of declared) {
          equal(
            typeof adapter[method],
            expected ? "function" : "undefined",
            `the type of the adapter's method ${method}`,
          );
        }
        equal(
          typeof adapter.history,
          history === "native" ? "object" : "undefined",
          "the type of the adapter's history",
        );
        for (const [method, expected] of [
          ["list", true],
          ["get", true],
          ["sweep", true],
          ["readStream", streams === "bounded"],
        ] as const) {
          if (adapter.history === undefined) break;
          equal(
            typeof adapter.history[method],
            expected ? "function" : "undefined",
            `the type of the method ${method} of the adapter's history`,
          );
        }
      },
    },
    {
      name: "durability is what the store can do: only memory may forget",
      async run(context) {
        const { durability } = context.capabilities;
        ok(
          context.backing.persistent || durability === "memory",
          `a store that forgets is not durable as ${durability}`,
        );
      },
    },
    {
      name: "they are the same for every adapter of a store, before it is opened, while and after",
      async run(context) {
        const before = structuredClone(context.capabilities);
        const storage = await context.open();
        equal(storage.getCapabilities().native, before, "the capabilities of an open storage");
        const told = storage.getCapabilities();
        told.native.limits.body = 1;
        told.effective.batch = "bulk";
        equal(storage.getCapabilities().native, before, "the capabilities after a caller spoilt his copy");
        await storage.close();
        equal(context.capabilities, before, "the capabilities of the next adapter");
      },
    },
    {
      name: "name and interface number are as they must be",
      async run(context) {
        const adapter = context.backing.adapter();
        ok(/^[a-z][a-z0-9-]{1,30}$/.test(adapter.name), `the name is short and lower-case: ${adapter.name}`);
        equal(adapter.spi, 1, "the interface number");
      },
    },
    ...underDeclared,
  ],
};

function wrongLevels(declared: Capabilities): string[] {
  return Object.entries(LEVELS).flatMap(([name, levels]) => {
    const level = declared[name as keyof typeof LEVELS];
    if ((levels as readonly string[]).includes(level)) return [];
    return [`${name} is ${show(level)}, expected one of ${levels.join(", ")}`];
  });
}

function wrongLimits(limits: unknown): string[] {
  if (!isObject(limits)) return [`limits is ${show(limits)}, expected an object with body and bufferedBody`];
  const names = difference(Object.keys(limits).sort(), ["body", "bufferedBody"]);
  if (names !== undefined) return [`the names of the limits${names}`];
  const { body, bufferedBody } = limits;
  const small = Object.entries({ body, bufferedBody }).filter(
    ([, limit]) => !(Number.isSafeInteger(limit) && Number(limit) >= LEAST_LIMIT),
  );
  if (small.length > 0) {
    return small.map(
      ([name, limit]) => `the limit ${name} is ${show(limit)}, expected a whole number of at least 64 MiB`,
    );
  }
  if (Number(bufferedBody) <= Number(body)) return [];
  return ["the limit bufferedBody is above body: what is held in memory is no more than what is stored at all"];
}
