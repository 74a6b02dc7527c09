import { afterEach, describe, expect, it, vi } from "vitest";
import { makeRoom, queueAgain } from "../dist/full-store.js";
import type { Attempt, EvictionJob, Room } from "../dist/group-jobs.js";

const full = () => new DOMException("", "QuotaExceededError");

/** A group commit of a store that is full, something of which was freed just now. */
function fullStore({ eviction, commit }: { eviction?: EvictionJob; commit?: () => Promise<void> } = {}) {
  return {
    options: { release: async () => false, evict: eviction && (async () => eviction) },
    room: { changed: performance.now() } as Room,
    freed() {
      this.room = { changed: performance.now() };
    },
    commit: commit ?? (() => Promise.reject(full())),
  };
}

/** Timers that fire at once, and a clock that stands: what was just now is not long ago for a machine that is busy. */
function hurry() {
  vi.spyOn(performance, "now").mockReturnValue(1_000_000);
  const timer = vi.spyOn(globalThis, "setTimeout").mockImplementation(((fire: () => void) => {
    queueMicrotask(fire);
  }) as unknown as typeof setTimeout);
  return () => timer.mock.calls.splice(0).map(([, time]) => time);
}

/** Tries until it is refused. */
async function tryAll(store: ReturnType<typeof fullStore>, attempt: Attempt): Promise<void> {
  while (await makeRoom(store, attempt));
}

afterEach(() => vi.restoreAllMocks());

describe("a write that finds no room", () => {
  it("waits three times for what was freed; nothing that is as large waits after it", async () => {
    const waits = hurry();
    const store = fullStore();
    await tryAll(store, { keys: ["a"], bytes: 100 });
    expect(waits()).toEqual([50, 200, 800]);
    for (const bytes of [100, 101, 1_000]) await tryAll(store, { keys: ["b"], bytes });
    expect(waits()).toEqual([]);
  });

  it("waits where it is smaller: what was refused is in its way for a while", async () => {
    const waits = hurry();
    const store = fullStore();
    await tryAll(store, { keys: ["a"], bytes: 100 });
    waits();
    await tryAll(store, { keys: ["b"], bytes: 99 });
    expect(waits()).toEqual([50, 200, 800]);
  });

  it("waits anew when something is freed, also in the middle", async () => {
    const waits = hurry();
    const store = fullStore();
    await tryAll(store, { keys: ["a"], bytes: 100 });
    store.freed();
    const attempt: Attempt = { keys: ["b"], bytes: 100 };
    expect(await makeRoom(store, attempt)).toBe(true);
    store.freed();
    await tryAll(store, attempt);
    expect(waits()).toEqual([50, 200, 800, 50, 50, 200, 800]);
  });

  it("does not wait where nothing was freed lately, but for what frees", async () => {
    const waits = hurry();
    const store = fullStore();
    store.room = { changed: Number.NEGATIVE_INFINITY };
    await tryAll(store, { keys: ["a"], bytes: 100 });
    expect(waits()).toEqual([]);
    store.room = { changed: Number.NEGATIVE_INFINITY };
    await tryAll(store, { keys: ["a"], frees: true });
    expect(waits()).toEqual([50, 200, 800]);
  });

  it("waits once for an eviction that finds no room either", async () => {
    const waits = hurry();
    const eviction: EvictionJob = { keys: ["old"], work: () => undefined, free: async () => undefined };
    const store = fullStore({ eviction });
    for (const key of ["a", "b", "c"]) {
      await expect(makeRoom(store, { keys: [key], bytes: 100 })).rejects.toThrow(full());
    }
    expect(waits()).toEqual([50, 200, 800]);
  });
});

describe("the queue behind it", () => {
  const save = (...keys: string[]): Attempt => ({ keys, bytes: 100 });
  const remove = (key: string): Attempt => ({ keys: [key], frees: true });

  it("lets what frees go first, but none that would overtake a write of its key", async () => {
    const waits = hurry();
    const [first, batch, second] = [save("a"), save("b", "c"), save("d")];
    const [own, theirs, again, free, next] = [remove("a"), remove("c"), remove("a"), remove("e"), remove("f")];
    const queue = [own, batch, theirs, free, second, again, next];
    expect(await queueAgain(fullStore(), first, queue)).toBe(true);
    expect(queue).toEqual([free, next, first, own, batch, theirs, second, again]);
    expect(waits()).toEqual([]);
  });

  it("stands where nothing frees, and goes on without what is refused", async () => {
    hurry();
    const store = fullStore();
    const first = save("a");
    const queue = [save("b"), save("c")];
    const before = [...queue];
    for (let times = 0; times < 3; times++) {
      expect(await queueAgain(store, first, queue)).toBe(true);
      expect(queue.shift()).toBe(first);
    }
    expect(await queueAgain(store, first, queue)).toBe(false);
    expect(queue).toEqual(before);
  });

  it("is not passed from one deletion to another that finds no room", async () => {
    hurry();
    const queue = [remove("b")];
    const first = remove("a");
    expect(await queueAgain(fullStore(), first, queue)).toBe(true);
    expect(queue[0]).toBe(first);
  });
});
