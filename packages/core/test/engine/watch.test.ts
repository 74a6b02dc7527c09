import { openStorage, type Version } from "@holdfast/core";
import { describe, expect, it, vi } from "vitest";
import { MapAdapter } from "../support/map-adapter.js";
import { peerOf } from "../support/peer-of.js";

describe("watching", () => {
  it("asks the adapter once, however many watch, until nobody does", async () => {
    const adapter = new MapAdapter();
    const released = vi.fn();
    const watch = vi.fn(() => released);
    const storage = await openStorage(Object.assign(adapter, { watch }));
    const [first, second] = [await storage.watch("", vi.fn()), await storage.watch("a", vi.fn())];
    expect(watch).toHaveBeenCalledOnce();
    await first();
    await first();
    expect(released).not.toHaveBeenCalled();
    await second();
    expect(released).toHaveBeenCalledOnce();
    await storage.watch("", vi.fn());
    expect(watch).toHaveBeenCalledTimes(2);
    await storage.close();
    expect(released).toHaveBeenCalledTimes(2);
  });

  it("ends only when the adapter has let go, and tells nobody of anything after close", async () => {
    const adapter = new MapAdapter();
    const watch = adapter.watch.bind(adapter);
    const released = vi.fn();
    adapter.watch = (listener) => {
      // It goes on telling, as one does whose messages are under way already.
      watch(listener);
      return (async () => {
        await new Promise((resolve) => setImmediate(resolve));
        released();
      }) as () => never;
    };
    const storage = await openStorage(adapter);
    const [unwatched, closed] = [vi.fn(), vi.fn()];
    await (await storage.watch("", unwatched))();
    expect(released).toHaveBeenCalledOnce();
    await storage.watch("", closed);
    await storage.close();
    expect(released).toHaveBeenCalledTimes(2);
    adapter.announce({ type: "delete", key: "a", version: "000000000001-0000-000000000000" as Version });
    expect(unwatched).not.toHaveBeenCalled();
    expect(closed).not.toHaveBeenCalled();
  });

  it("ends with a StorageError where the adapter cannot let go", async () => {
    const failing = () => {
      throw new Error("raw");
    };
    const storage = await openStorage(Object.assign(new MapAdapter(), { watch: () => failing }));
    const unwatch = await storage.watch("", vi.fn());
    const told = { code: "INTERNAL", adapter: "map", message: expect.stringContaining("raw") };
    await expect((async () => unwatch())()).rejects.toMatchObject(told);
    const view = storage.namespace("n");
    await view.watch("", vi.fn());
    await expect(view.close()).rejects.toMatchObject(told);
  });

  it("tells of no cursor where there is no feed", async () => {
    const storage = await openStorage(new MapAdapter());
    const seen = vi.fn();
    await storage.watch("", seen);
    const { version } = await storage.save("a", 1);
    expect(seen.mock.calls).toStrictEqual([[{ type: "save", key: "a", version, origin: "self" }]]);
  });

  it("can be tried again after the adapter could not", async () => {
    const adapter = new MapAdapter();
    const watch = adapter.watch.bind(adapter);
    adapter.watch = vi.fn(watch).mockImplementationOnce(() => Promise.reject(new Error("no")) as never);
    const storage = await openStorage(adapter);
    const failed = vi.fn();
    await expect(storage.watch("", failed)).rejects.toMatchObject({ code: "INTERNAL" });
    const seen = vi.fn();
    await storage.watch("b", seen);
    await storage.save("a", 1);
    await storage.save("b", 1);
    expect(failed).not.toHaveBeenCalled();
    expect(seen).toHaveBeenCalledOnce();
  });

  it("is refused where the adapter cannot", async () => {
    const storage = await openStorage(Object.assign(new MapAdapter(), { watch: undefined }) as never);
    await expect(storage.watch("", vi.fn())).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("watch", () => {
  it("ends with its namespace also when it has only begun", async () => {
    const storage = await openStorage(new MapAdapter());
    const view = storage.namespace("a");
    const seen = vi.fn();
    const watching = expect(view.watch("", seen)).rejects.toMatchObject({ code: "CLOSED" });
    await view.close();
    await watching;
    await storage.save("a/b", 1);
    expect(seen).not.toHaveBeenCalled();
    await storage.close();
  });

  it("tells own writes from those of peers and from external ones", async () => {
    const adapter = new MapAdapter();
    const [mine, theirs] = [await openStorage(adapter), await openStorage(peerOf(adapter))];
    const origins: string[] = [];
    await mine.watch("", ({ key, origin }) => origins.push(`${key} ${origin}`));
    await mine.save("a", 1);
    const { version } = await theirs.save("b", 1);
    adapter.announce({ type: "save", key: "c", version: version as never, external: true });
    expect(origins).toEqual(["a self", "b peer", "c external"]);
  });

  it("serves the other listeners when one throws, and reports its error as uncaught", async () => {
    const storage = await openStorage(new MapAdapter());
    const reports: (() => void)[] = [];
    const queue = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((report) => void reports.push(report));
    const seen = vi.fn();
    await storage.watch("", () => {
      throw new Error("listener");
    });
    await storage.watch("", seen);
    await storage.save("a", 1);
    queue.mockRestore();
    expect(reports).toHaveLength(1);
    expect(reports[0]).toThrow("listener");
    expect(seen).toHaveBeenCalledOnce();
  });
});
