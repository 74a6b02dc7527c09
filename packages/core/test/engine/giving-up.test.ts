import { openStorage, StorageError } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { completeSettings } from "../../dist/engine/complete-settings.js";
import { Session } from "../../dist/engine/session.js";
import { Storage } from "../../dist/engine/storage.js";
import { untilAborted } from "../../dist/engine/until-aborted.js";
import * as writing from "../../dist/engine/writing.js";
import { MapAdapter } from "../support/map-adapter.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Timers that the test fires itself. */
class ManualTimers {
  readonly scheduled: { readonly callback: () => void; readonly milliseconds: number }[] = [];

  schedule(callback: () => void, milliseconds: number): () => void {
    this.scheduled.push({ callback, milliseconds });
    return () => undefined;
  }

  fire(milliseconds: number): void {
    for (const each of this.scheduled) if (each.milliseconds === milliseconds) each.callback();
  }
}

describe("a signal", () => {
  it("that has fired already keeps the adapter also from what is never asked twice", async () => {
    const flush = vi.fn();
    const storage = await openStorage(Object.assign(new MapAdapter(), { flush }));
    await expect(storage.flush({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "ABORTED" });
    expect(flush).not.toHaveBeenCalled();
  });

  it("that fires while the adapter is asked gives up an operation that hangs from then on", async () => {
    const adapter = new MapAdapter();
    const controller = new AbortController();
    adapter.get = () => {
      controller.abort();
      return new Promise(() => undefined);
    };
    const storage = await openStorage(adapter);
    await expect(storage.load("a", { signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED", key: "a" });
  });
});

describe("work that is waited for until a signal fires", () => {
  it("is given up at once where that has fired already", async () => {
    const reason = new Error("no longer wanted");
    await expect(untilAborted(new Promise(() => undefined), AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});

describe("close", () => {
  it("keeps what waits for its next try from trying again", async () => {
    const adapter = new MapAdapter();
    const timers = new ManualTimers();
    const get = vi.fn(() => Promise.reject(new StorageError("UNAVAILABLE", "the link is down")));
    adapter.get = get;
    const random = { bytes: (length: number) => new Uint8Array(length), fraction: () => 0 };
    const settings = { ports: { timers, random }, retry: { minDelay: 100 }, closeTimeout: 7 };
    const storage = await openStorage(adapter, settings);
    const loading = expect(storage.load("a")).rejects.toMatchObject({ code: "CLOSED" });
    await vi.waitFor(() => expect(timers.scheduled).toHaveLength(1));
    const closing = expect(storage.close()).rejects.toMatchObject({ code: "TIMEOUT" });
    await vi.waitFor(() => expect(timers.scheduled).toHaveLength(2));
    timers.fire(7);
    await Promise.all([closing, loading]);
    timers.fire(50);
    for (let turns = 0; turns < 3; turns++) await turn();
    expect(get).toHaveBeenCalledOnce();
  });
});

describe("a watch that begins while its namespace is closed", () => {
  it("is let go of before its caller hears that it was too late", async () => {
    let released = false;
    const release = async () => {
      await turn();
      released = true;
    };
    const view = (await openStorage(Object.assign(new MapAdapter(), { watch: () => release }))).namespace("n");
    const watching = view.watch("", vi.fn());
    await view.close();
    await expect(watching).rejects.toMatchObject({ code: "CLOSED", message: expect.stringMatching(/^watch\b/) });
    expect(released).toBe(true);
  });
});

describe("a session of which nobody can want to know", () => {
  it("works without counting", async () => {
    const session = new Session(
      new MapAdapter(),
      completeSettings({}),
      { lastVersion: undefined },
      new writing.WriteTurns(),
      undefined,
      undefined,
    );
    expect(await session.run({ name: "load" }, ({ tally }) => [tally])).toEqual([undefined]);
    expect(new Storage(session, writing, "").getMetrics()).toBeUndefined();
  });
});
