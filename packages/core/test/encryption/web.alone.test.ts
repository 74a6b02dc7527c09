import { expect, it, vi } from "vitest";

// The tests of values and vectors once more, on what browsers have in the place of node:crypto.
vi.mock("../../dist/platform/node-crypto.js", () => import("../../dist/platform/web-crypto.js"));

await import("./values.test.js");
await import("./vectors.test.js");

it("encryption stands on the web platform here", async () => {
  const { cryptoPlatform } = await import("../../dist/platform/node-crypto.js");
  expect(cryptoPlatform).toBe((await import("../../dist/platform/web-crypto.js")).cryptoPlatform);
});
