import { expect, it, vi } from "vitest";

// The tests of values and streams once more, on what browsers have in the place of node:crypto and node:zlib.
vi.mock("../../dist/platform/node.js", () => import("../../dist/platform/web.js"));

await import("./values.test.js");
await import("./corrupt.alone.test.js");
await import("./stream.alone.test.js");

it("the codecs stand on the web platform here", async () => {
  const { platform } = await import("../../dist/platform/node.js");
  expect(platform).toBe((await import("../../dist/platform/web.js")).platform);
});
