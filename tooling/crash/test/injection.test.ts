import { describe, expect, it } from "vitest";
import { runInjection } from "../src/injection.ts";
import { chooseSeed } from "../src/seed.ts";
import { whyNoFaults } from "../src/shim/library.ts";
import { STORE_NAMES } from "../src/stores.ts";

const FAULTS = { sqlite: 28, filesystem: 28 } as const;
const reason = whyNoFaults();

describe.each(STORE_NAMES)("%s: calls of the file system that fail, fall short or are the last", (store) => {
  const seed = chooseSeed();

  it.runIf(reason === undefined)(
    `cost nothing that was acknowledged (HOLDFAST_SEED=${seed})`,
    async () => {
      const { calls, wrong } = await runInjection({ store, faults: FAULTS[store], seed });
      expect(wrong).toEqual([]);
      expect(calls).toBeGreaterThan(100);
    },
    1_800_000,
  );
});

// Where faults cannot be made, the output says so by the name of this test; CI has what they need.
if (reason !== undefined) {
  it(`steps aside: ${reason}`, () => {
    expect(process.env["CI"], `CI must be able to inject faults, but ${reason}`).toBeUndefined();
  });
}
