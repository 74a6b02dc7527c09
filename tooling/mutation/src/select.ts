import { createHash } from "node:crypto";
import { type Mutant, nameOf } from "./mutant.ts";

/** `size` of the mutants: the same ones for the same seed, and nearly the same when the code has changed a little. */
export function sampleOf(mutants: readonly Mutant[], size: number, seed: number): Mutant[] {
  const lot = (mutant: Mutant): string =>
    createHash("sha256")
      .update(`${seed} ${nameOf(mutant)} ${mutant.operator}`)
      .digest("hex");
  const lots = new Map(mutants.map((mutant) => [mutant, lot(mutant)]));
  return mutants
    .toSorted((a, b) => ((lots.get(a) ?? "") < (lots.get(b) ?? "") ? -1 : 1))
    .slice(0, size)
    .sort((a, b) => a.id - b.id);
}
