import { openStorage } from "@holdfast/core";
import { expect, it, vi } from "vitest";
import * as z from "zod";
import { MapAdapter } from "../support/map-adapter.js";

const unhandled = vi.fn();
process.on("unhandledRejection", unhandled);
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

it("a wrong definition is nobody's error where a call is refused before it is looked at", async () => {
  const wrong = { schema: z.number(), version: "no version" };
  const storage = await openStorage(new MapAdapter());
  const misled = storage.collection("a", wrong).load("a", { signal: "bad" as never });
  await expect(misled).rejects.toMatchObject({ code: "INVALID_OPTION" });
  const late = storage.collection("b", wrong);
  await storage.close();
  await expect(late.load("a")).rejects.toMatchObject({ code: "CLOSED" });
  await turn();
  expect(unhandled).not.toHaveBeenCalled();
});
