import { StorageError } from "@holdfast/core";
import { equal, ok, rejects } from "../assert.js";
import { noise } from "../samples/values.js";
import type { Theme } from "../suite.js";
import { signalledOperations, supportedOperations } from "./every-operation.js";

export const abort: Theme = {
  name: "abort",
  cases: [
    {
      name: "a signal that has fired already stops every operation before it does anything",
      async run(context) {
        const storage = await context.open();
        const standing = await storage.save("k", 1);
        const reason = new Error("changed my mind");
        for (const [name, call] of signalledOperations(storage)) {
          const error = await rejects("ABORTED", name, () => call(AbortSignal.abort(reason)));
          ok(error.cause === reason, `${name} carries the signal's reason as its cause`);
        }
        equal(await storage.list(), [standing], "what stands");
        equal(await storage.load("k"), 1, "the value");
      },
    },
    {
      name: "a signal of a time limit makes it TIMEOUT",
      async run(context) {
        const storage = await context.open();
        const standing = await storage.save("k", 1);
        for (const [name, call] of signalledOperations(storage)) {
          await rejects("TIMEOUT", name, () => call(AbortSignal.abort(new DOMException("too late", "TimeoutError"))));
        }
        equal(await storage.list(), [standing], "what stands");
      },
    },
    {
      name: "a signal that fires during an operation rejects it, and leaves old or new, whole",
      async run(context) {
        const storage = await context.open();
        const old = noise(3_000);
        await storage.save("k", old);
        for (const [name, call] of supportedOperations(storage)) {
          await storage.save("k", old, { tags: ["old"] });
          const controller = new AbortController();
          const calling = call(controller.signal);
          controller.abort();
          await rejects("ABORTED", name, () => calling);
          const value = await storage.load("k");
          const whole = [old, "changed", new Uint8Array(9), undefined].some((each) => sameValue(value, each));
          ok(whole, `after ${name} the value is the old or the new one`);
        }
        equal((await storage.verify()).ok, true, "whether all that stands is sound");
      },
    },
    {
      name: "a signal that fires later leaves the operation at its end alone",
      async run(context) {
        const storage = await context.open();
        const controller = new AbortController();
        await storage.save("k", 1, { signal: controller.signal });
        equal(await storage.load("k", { signal: controller.signal }), 1, "the value");
        controller.abort();
        equal(await storage.load("k"), 1, "the value afterwards");
      },
    },
    {
      name: "one caller's abort does not touch what others do at the same time",
      async run(context) {
        const storage = await context.open();
        const controllers = Array.from({ length: 40 }, () => new AbortController());
        const saving = controllers.map(({ signal }, index) =>
          storage.save(`k${index}`, noise(500, index + 1), { signal }),
        );
        for (const [index, controller] of controllers.entries()) if (index % 4 === 0) controller.abort();
        const outcomes = await Promise.allSettled(saving);
        for (const [index, outcome] of outcomes.entries()) {
          if (index % 4 === 0) {
            ok(
              outcome.status === "rejected" && StorageError.is(outcome.reason, "ABORTED"),
              "the one that was given up rejects ABORTED",
            );
          } else {
            ok(outcome.status === "fulfilled", "the others succeed");
            equal(await storage.load(`k${index}`), noise(500, index + 1), "the value of another");
          }
        }
      },
    },
    {
      name: "an update that loops on conflicts ends by its signal",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 0);
        const controller = new AbortController();
        let rounds = 0;
        await rejects("ABORTED", "update", () =>
          storage.update<number>(
            "k",
            async (current = 0) => {
              if (++rounds === 5) controller.abort();
              // Somebody is always faster.
              await storage.save("k", current + 1);
              return -1;
            },
            { signal: controller.signal },
          ),
        );
        ok(rounds === 5, `no round begins after the abort: ${rounds} rounds`);
        ok((await storage.load<number>("k")) !== -1, "what was given up is not written");
      },
    },
    {
      name: "a scan stops at its signal",
      async run(context) {
        const storage = await context.open();
        await Promise.all(Array.from({ length: 1_500 }, (_, index) => storage.save(`k${index}`, 1)));
        const controller = new AbortController();
        let seen = 0;
        await rejects("ABORTED", "the scan", async () => {
          for await (const _ of storage.scan("", { signal: controller.signal })) {
            if (++seen === 10) controller.abort();
          }
        });
        ok(seen < 1_500, "the scan did not go on to the end");
      },
    },
  ],
};

function sameValue(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array)
    return a.length === b.length && a.every((byte, index) => byte === b[index]);
  return Object.is(a, b);
}
