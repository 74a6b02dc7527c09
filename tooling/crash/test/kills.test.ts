import { describe, expect, it } from "vitest";
import { runKills } from "../src/kills.ts";
import { chooseSeed } from "../src/seed.ts";
import { STORE_NAMES } from "../src/stores.ts";

const KILLS = { sqlite: 40, filesystem: 200 } as const;

describe.each(STORE_NAMES)("%s: processes killed at random instants", (store) => {
  const seed = chooseSeed();

  it(`lose nothing that was acknowledged, tear nothing, and bring nothing back (HOLDFAST_SEED=${seed})`, async () => {
    const { killed, wrong } = await runKills({ store, kills: KILLS[store], seed });
    expect(wrong).toEqual([]);
    expect(killed).toBe(KILLS[store]);
  }, 1_800_000);
});
