import { openStorage, type StorageAdapter, StorageError } from "@holdfast/core";
import { describe, expect, it } from "vitest";
import { abortError, type Operation, toStorageError } from "../../dist/engine/failure.js";
import { MapAdapter } from "../support/map-adapter.js";

const adapter = new MapAdapter();
const aborted = (reason?: unknown): AbortSignal => AbortSignal.abort(reason);

function told(error: unknown, operation: Operation, asked: StorageAdapter = adapter): StorageError {
  return toStorageError(error, operation, asked);
}

describe("a StorageError on its way out", () => {
  it("is left alone when it names its adapter and the right key, or none is to be named", () => {
    const complete = new StorageError("CORRUPT", "torn", { key: "a", adapter: "inner" });
    expect(told(complete, { name: "load", key: "a" })).toBe(complete);
    expect(told(complete, { name: "verify" })).toBe(complete);
  });

  it("gets what it lacks and keeps the rest", () => {
    const cause = new Error("underneath");
    const error = new StorageError("CONFLICT", "no", { current: "v", retryable: true, cause, key: "n/a" });
    const completed = told(error, { name: "save", key: "a" });
    expect(completed).toMatchObject({
      code: "CONFLICT",
      message: "no",
      key: "a",
      adapter: "map",
      current: "v",
      retryable: true,
      cause,
    });
    expect(completed.stack).toBe(error.stack);
    expect(completed.resync).toBe(undefined);
    expect(told(new StorageError("NOT_FOUND", "gone", { resync: true }), { name: "changes" }).resync).toBe(true);
    expect(told(error, { name: "verify" })).toMatchObject({ key: "n/a", adapter: "map" });
  });

  it("tells of the key as its caller wrote it, whatever it told of before", () => {
    const error = new StorageError("CORRUPT", "torn", { key: "n/a", adapter: "map" });
    expect(told(error, { name: "load", key: "a" })).toMatchObject({ code: "CORRUPT", key: "a", adapter: "map" });
  });
});

describe("a fired signal", () => {
  it("turns its reason, and the platform's abort errors, into ABORTED", () => {
    const reason = new Error("enough");
    // As node:fs and node:timers throw it.
    const ofNode = Object.assign(new Error("stopped"), { name: "AbortError", code: "ABORT_ERR" });
    const ofTheWeb = ["AbortError", "TimeoutError"].map((name) => new DOMException("stopped", name));
    for (const error of [reason, ofNode, ...ofTheWeb]) {
      expect(told(error, { name: "load", key: "a", signal: aborted(reason) })).toMatchObject({
        code: "ABORTED",
        key: "a",
        adapter: "map",
        retryable: false,
        cause: reason,
      });
    }
  });

  it("does not hide another error", () => {
    const error = new TypeError("x is not a function");
    expect(told(error, { name: "load", signal: aborted() })).toMatchObject({ code: "INTERNAL", cause: error });
    const other = new DOMException("full", "QuotaExceededError");
    expect(told(other, { name: "load", signal: aborted() })).toMatchObject({ code: "INTERNAL", cause: other });
    for (const odd of [undefined, null, "AbortError"]) {
      expect(told(odd, { name: "load", signal: aborted() })).toMatchObject({ code: "INTERNAL" });
    }
  });

  it("that has not fired explains nothing", () => {
    const error = new DOMException("stopped", "AbortError");
    expect(told(error, { name: "load", signal: new AbortController().signal })).toMatchObject({ code: "INTERNAL" });
    expect(told(error, { name: "load" })).toMatchObject({ code: "INTERNAL" });
  });

  it("of a timeout makes TIMEOUT, which may be tried again", () => {
    const reason = new DOMException("late", "TimeoutError");
    expect(abortError({ name: "load", key: "a", signal: aborted(reason) }, "map")).toMatchObject({
      code: "TIMEOUT",
      key: "a",
      adapter: "map",
      retryable: true,
      cause: reason,
    });
    for (const reason of [new DOMException("x", "AbortError"), { name: "TimeoutError" }, undefined]) {
      expect(abortError({ name: "load", signal: aborted(reason) })).toMatchObject({
        code: "ABORTED",
        retryable: false,
      });
    }
  });
});

describe("a foreign error", () => {
  it("means what the adapter says", () => {
    const classify = (): object => ({ code: "UNAVAILABLE", message: "the link is down", retryable: false });
    const knowing = Object.assign(new MapAdapter(), { classify }) as StorageAdapter;
    const cause = new Error("ECONNRESET");
    const error = told(cause, { name: "load", key: "a" }, knowing);
    expect(error).toMatchObject({ code: "UNAVAILABLE", key: "a", adapter: "map", retryable: false, cause });
    expect(error.message).toBe('load "a" failed: the link is down');
    expect(told(cause, { name: "flush" }, knowing).message).toBe("flush failed: the link is down");
  });

  it("that nobody knows is INTERNAL, tells its reason and names the operation", () => {
    const error = told(new Error("odd"), { name: "load", key: "a" });
    expect(error).toMatchObject({ code: "INTERNAL", key: "a", adapter: "map" });
    expect(error.message).toBe('load "a" failed unexpectedly: odd');
    expect(told("a string", { name: "load" }).message).toBe('load failed unexpectedly: "a string"');
    expect(told(Object.create(null), { name: "load" }).message).toBe("load failed unexpectedly: an object");
  });

  it.each([
    [
      "throws",
      { classify: (error: { response: { status: number } }) => error.response.status },
      "Cannot read properties",
    ],
    ["is missing", { classify: undefined }, "adapter.classify is not a function"],
  ])("comes out as INTERNAL where the adapter's classify %s: no call waits for ever", async (_, broken, why) => {
    const cause = new Error("boom");
    const refuse = () => Promise.reject(cause);
    const adapter = Object.assign(new MapAdapter(), {
      put: refuse,
      get: refuse,
      ...broken,
    }) as unknown as StorageAdapter;
    const storage = await openStorage(adapter, { retry: false });
    for (const call of [storage.save("a", 1), storage.load("a")]) {
      const message = expect.stringMatching(new RegExp(`failed unexpectedly: boom; its classify failed too: ${why}`));
      await expect(call).rejects.toMatchObject({ code: "INTERNAL", key: "a", message, cause });
    }
    await storage.close();
  });
});
