import { openStorage } from "@holdfast/core";
import { expect, it, vi } from "vitest";
import * as z from "zod";
import { MapAdapter } from "../support/map-adapter.js";

const network = vi.hoisted(() => ({ isAway: true }));
const unlessAway = vi.hoisted(() => async (original: () => Promise<object>) => {
  if (network.isAway) throw new TypeError("Failed to fetch");
  return original();
});
vi.mock("../../dist/collections/records.js", unlessAway);
vi.mock("../../dist/engine/watch-hub.js", unlessAway);

it("asks again for a part that could not be loaded, where the platform does", async () => {
  const storage = await openStorage(new MapAdapter());
  const things = storage.collection("things", { schema: z.number(), version: "1.0" });
  await expect(things.save("a", 1)).rejects.toMatchObject({ code: "INTERNAL" });
  await expect(storage.watch("", () => undefined)).rejects.toMatchObject({ code: "INTERNAL" });
  network.isAway = false;
  expect((await things.save("a", 1)).key).toBe("a");
  await (await storage.watch("", () => undefined))();
  await storage.close();
});
