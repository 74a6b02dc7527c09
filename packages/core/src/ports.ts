/** The outside world as core and adapters see it, so that a simulation can own it. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly timers: Timers;
}

/** Tells the time. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. May jump. */
  now(): number;
  /** Milliseconds since some instant, for measuring: never goes back. Absent: measured by `now`. */
  elapsed?(): number;
}

/** Gives random numbers. */
export interface Random {
  /** Unpredictable bytes. */
  bytes(length: number): Uint8Array;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

/** Calls back later. */
export interface Timers {
  /** Calls back once after `milliseconds`. A background timer does not keep the process alive. */
  schedule(callback: () => void, milliseconds: number, kind: "foreground" | "background"): CancelTimer;
}

/** Keeps the callback from being called; does nothing once it was. */
export type CancelTimer = () => void;

/** The platform's own. */
export const systemPorts: Ports = {
  clock: { now: () => Date.now(), elapsed: () => performance.now() },
  random: {
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    fraction: () => Math.random(),
  },
  timers: {
    schedule(callback, milliseconds, kind) {
      const handle: unknown = setTimeout(callback, milliseconds);
      if (kind === "background" && hasUnref(handle)) handle.unref();
      return () => clearTimeout(handle as number);
    },
  },
};

function hasUnref(handle: unknown): handle is { unref(): void } {
  return typeof handle === "object" && handle !== null && "unref" in handle;
}

/** Resolves after `milliseconds`; rejects with the signal's reason when it fires first. */
export function sleep(timers: Timers, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const cancel = timers.schedule(
      () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      milliseconds,
      "foreground",
    );
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
