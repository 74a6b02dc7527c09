import { StorageError } from "./errors.js";
import { toHex } from "./hex.js";
import type { Ports } from "./ports.js";
import type { Version } from "./spi/records.js";

// A version is a hybrid logical clock: 12 hex digits of milliseconds since 1970, 4 of a counter, 12 of the engine's random
// id. Fixed widths make string order the order of the clock; the id makes a version of two engines in one instant differ.
const MILLISECOND_DIGITS = 12;
const COUNTER_DIGITS = 4;
const NODE_BYTES = 6;
const COUNTER_LIMIT = 16 ** COUNTER_DIGITS;
const PATTERN = /^[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The latest wall-clock reading from which versions are made. A version is for ever, so a clock gone wild must not set one. */
export const LATEST_CLOCK: number = Date.UTC(2200, 0, 1);

/** How far ahead of this machine's clock a version from elsewhere may be to be kept as it is. */
export const MAX_DRIFT = 24 * 60 * 60 * 1000;

/** Whether text has the shape of a version. */
export function isVersion(text: string): text is Version {
  return PATTERN.test(text);
}

/** Milliseconds since 1970 at which the version was made, by its maker's clock. */
export function versionTime(version: Version): number {
  return Number.parseInt(version.slice(0, MILLISECOND_DIGITS), 16);
}

/** Makes the versions of one open storage: each above every one that it made or was shown before. */
export class VersionClock {
  readonly #ports: Ports;
  readonly #node: string;
  #milliseconds = 0;
  #counter = -1;
  /** The digits of `#milliseconds`, which most versions have from the one before. */
  #digits = "";
  #digitsOf = -1;

  constructor(ports: Ports, lastVersion?: Version) {
    this.#ports = ports;
    this.#node = toHex(ports.random.bytes(NODE_BYTES));
    if (lastVersion !== undefined) this.observe(lastVersion);
  }

  /** Throws INTERNAL when the wall clock cannot be right. */
  next(): Version {
    const now = Math.floor(this.#ports.clock.now());
    if (!(now >= 0 && now <= LATEST_CLOCK)) {
      throw new StorageError(
        "INTERNAL",
        `the system clock reads ${describeInstant(now)}, which cannot be right: set the clock, then try again`,
      );
    }
    if (now > this.#milliseconds) {
      this.#milliseconds = now;
      this.#counter = 0;
    } else if (++this.#counter >= COUNTER_LIMIT) {
      this.#milliseconds++;
      this.#counter = 0;
    }
    if (this.#digitsOf !== this.#milliseconds) {
      this.#digitsOf = this.#milliseconds;
      this.#digits = this.#milliseconds.toString(16).padStart(MILLISECOND_DIGITS, "0");
    }
    return `${this.#digits}-${this.#counter.toString(16).padStart(COUNTER_DIGITS, "0")}-${this.#node}` as Version;
  }

  /** Makes every later version greater than `version`. Throws CORRUPT for one that no clock let through can have made. */
  observe(version: Version): void {
    const milliseconds = versionTime(version);
    if (!(milliseconds <= LATEST_CLOCK + MAX_DRIFT)) {
      throw new StorageError(
        "CORRUPT",
        `the store holds the version ${version}, which Holdfast cannot have written: restore the store from a backup`,
      );
    }
    const counter = Number.parseInt(version.slice(MILLISECOND_DIGITS + 1, MILLISECOND_DIGITS + 1 + COUNTER_DIGITS), 16);
    if (milliseconds > this.#milliseconds || (milliseconds === this.#milliseconds && counter > this.#counter)) {
      this.#milliseconds = milliseconds;
      this.#counter = counter;
    }
  }

  /** Whether this clock made the version. */
  made(version: Version): boolean {
    return version.endsWith(this.#node);
  }
}

function describeInstant(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${milliseconds} ms` : date.toISOString();
}
