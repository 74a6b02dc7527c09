import { createHash } from "node:crypto";
import { type OperationEvent, openStorage } from "@holdfast/core";
import { expect, it, vi } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";

vi.mock("../../dist/platform/node.js", () => import("../../dist/platform/web.js"));

const hashOf = (key: string) => createHash("sha256").update(key).digest("hex").slice(0, 16);

it("hashes keys in the background where Web Crypto does, and tells all the same", async () => {
  const told = Promise.withResolvers<OperationEvent>();
  const storage = await openStorage(new MapAdapter(), { onOperation: told.resolve });
  await storage.exists("notes/first");
  expect(await told.promise).toMatchObject({ op: "exists", outcome: "ok", keyHash: hashOf("notes/first") });
});

it("tells without a key where there is no Web Crypto, as on a page that is not secure", async () => {
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  const told = Promise.withResolvers<OperationEvent>();
  const storage = await openStorage(new MapAdapter(), { onOperation: told.resolve });
  await expect(storage.save("a", 1)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  vi.unstubAllGlobals();
  const event = await told.promise;
  expect(event).toMatchObject({ op: "save", outcome: "UNSUPPORTED" });
  expect(event).not.toHaveProperty("keyHash");
});
