import { openStorage, StorageError } from "@holdfast/core";
import { expect, it, vi } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";

vi.mock("../../dist/engine/writing.js", () => {
  throw new TypeError("Failed to fetch");
});

const unhandled = vi.fn();
process.on("unhandledRejection", unhandled);

it("does not open without the part that writes, and lets go of the adapter", async () => {
  const adapter = new MapAdapter();
  const error = await openStorage(adapter).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StorageError);
  expect(error).toMatchObject({ code: "INTERNAL", message: expect.stringContaining("could not be loaded") });
  expect(adapter.calls).toEqual(["open", "close"]);
});

it("says to a service worker, to which browsers refuse import(), that it has to be in one script", async () => {
  vi.stubGlobal("ServiceWorkerGlobalScope", class {});
  const error = await openStorage(new MapAdapter()).catch((reason: unknown) => reason);
  vi.unstubAllGlobals();
  expect(error).toMatchObject({ code: "UNSUPPORTED", message: expect.stringContaining("into one script") });
});

it("says first why an adapter does not open", async () => {
  const adapter = new MapAdapter();
  adapter.open = () => {
    throw new StorageError("LOCKED", "somebody else has it");
  };
  await expect(openStorage(adapter)).rejects.toMatchObject({ code: "LOCKED" });
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(unhandled).not.toHaveBeenCalled();
});
