import { type StorageSettings, systemPorts, type Timers } from "@holdfast/core";
import type { FilesystemOptions } from "@holdfast/filesystem";

/** Milliseconds, which no other timer has. */
const LATE = 59_999;
/** Of the pause after which a key that a flush waits for is tried again. */
const SET_BACK = 50;

export interface LateFlushes {
  readonly options: Partial<FilesystemOptions>;
  readonly settings: StorageSettings;
}

/**
 * What to open a storage with whose flushes come too late as soon as keys were set back so many times while they waited. Those that meet
 * no obstacle may take as long as they like. With one more than there are keys that wait, one of them was set back twice, and so each of the
 * others has been tried.
 */
export function lateAfter(setBacks: number): LateFlushes {
  let flush: { readonly ring: () => void; left: number } | undefined;
  const timers: Timers = {
    schedule(work, delay, kind) {
      if (delay === LATE) {
        const own = { ring: work, left: setBacks };
        flush = own;
        return () => {
          if (flush === own) flush = undefined;
        };
      }
      if (delay === SET_BACK && kind === "background" && flush !== undefined && --flush.left === 0) flush.ring();
      return systemPorts.timers.schedule(work, delay, kind);
    },
  };
  return { options: { flushTimeout: LATE }, settings: { ports: { timers } } };
}
