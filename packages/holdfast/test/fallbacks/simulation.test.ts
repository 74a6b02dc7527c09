import { describe, expect, it } from "vitest";
import { sabotages } from "./simulation/sabotage.ts";
import { runSchedule } from "./simulation/schedule.ts";

// The same unless told otherwise, so that two runs can be compared; the long run, a command, draws its own.
const seed = Number(process.env["HOLDFAST_SEED"] ?? 20261125);

describe("an app whose primary comes and goes and whose process dies", () => {
  const quarters = [0, 250, 500, 750].map((index) => seed + index);

  it.each(quarters)(
    "loses nothing and writes nothing twice, in 250 schedules of faults from HOLDFAST_SEED=%i on",
    async (first) => {
      for (let index = 0; index < 250; index++) await runSchedule(first + index);
    },
  );
});

describe("the simulation", () => {
  it.each(sabotages)("notices a member that $name", async ({ name, notice }) => {
    const found: string[] = [];
    for (let index = 0; index < 400 && found.length === 0; index++) {
      await runSchedule(1 + index, name).catch((error: Error) => found.push(error.message));
    }
    expect(found[0]).toMatch(notice);
  });
});
