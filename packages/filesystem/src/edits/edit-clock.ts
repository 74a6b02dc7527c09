import { type Ports, type Version, VersionClock } from "@holdfast/core";

/** What versions of edits end in. Engines draw theirs at random, so that none has it. */
const NOBODY = "000000000000";

/** Whether a version came about behind Holdfast's back. */
export function isEdit(version: Version): boolean {
  return version.endsWith(NOBODY);
}

/** Makes versions for what people changed. */
export class EditClock {
  readonly #clock: VersionClock;

  constructor(ports: Ports) {
    this.#clock = new VersionClock({
      ...ports,
      random: { ...ports.random, bytes: (length) => new Uint8Array(length) },
    });
  }

  /** Above every version that the store has held; `last` is read in the transaction that writes what comes back. */
  next(last: Version | undefined): Version {
    if (last !== undefined) this.#clock.observe(last);
    return this.#clock.next();
  }
}
