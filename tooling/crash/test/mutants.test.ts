import { describe, expect, it } from "vitest";
import { judge } from "../src/mutants/judge.ts";
import { mutants } from "../src/mutants/mutants.ts";
import { chooseSeed } from "../src/seed.ts";

describe("the filesystem adapter, with one fsync, ordering or loop taken away", () => {
  const seed = chooseSeed();

  it.each(mutants)(
    `$name is noticed (HOLDFAST_SEED=${seed})`,
    async (mutant) => {
      const { noticed } = await judge(mutant, seed);
      expect(noticed, mutant.story).toBeDefined();
    },
    600_000,
  );
});
