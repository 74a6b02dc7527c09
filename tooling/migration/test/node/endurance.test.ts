import { expect, it } from "vitest";
import { endure } from "../../src/endurance.ts";

const MiB = 2 ** 20;

it("holds no more for many items: their headers alone would take 15 MiB", async () => {
  const { report, most } = await endure(30_000, 256, 8);
  expect(report).toMatchObject({ ok: true, copied: 30_000, verified: 30_000 });
  expect(most).toBeLessThan(8 * MiB);
});

it("holds no more for a large body", async () => {
  const { report, most } = await endure(1, 256 * MiB, 2);
  expect(report).toMatchObject({ ok: true, bytes: 256 * MiB, verified: 1 });
  expect(most).toBeLessThan(8 * MiB);
});
