import { expect, it } from "vitest";
import { endure } from "../../src/endurance.ts";

const MiB = 2 ** 20;

it("holds no more for many items: their headers alone would take 10 MiB", async () => {
  const { report, most } = await endure(20_000, 256, 8);
  expect(report).toMatchObject({ ok: true, copied: 20_000, verified: 20_000 });
  expect(most).toBeLessThan(6 * MiB);
});

it("holds no more for a large body", async () => {
  const { report, most } = await endure(1, 96 * MiB, 2);
  expect(report).toMatchObject({ ok: true, bytes: 96 * MiB, verified: 1 });
  expect(most).toBeLessThan(8 * MiB);
});
