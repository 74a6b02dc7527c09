const USUAL = 20_261_125;

/** The seed of a test: `HOLDFAST_SEED`, or the same each time. `pnpm crash` draws others. */
export function chooseSeed(): number {
  const given = process.env["HOLDFAST_SEED"];
  return given === undefined ? USUAL : Number(given);
}
