import { fail } from "./assert.js";

/** Milliseconds within which another process's write must have been told. */
const LONGEST_WAIT = 20_000;

/** Resolves when the condition holds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + LONGEST_WAIT;
  while (!condition()) {
    if (performance.now() > end) fail(`what was waited for did not come within ${LONGEST_WAIT} ms`);
    await nextTurn();
  }
}

/** Gives late or repeated calls a chance to show themselves. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await nextTurn();
}

/** Work that goes on while the case does something else. */
export class Aside {
  /** To be awaited in the end. Where the case fails before, how the work ended is not what it fails for. */
  readonly done: Promise<unknown>;
  #isOver = false;

  constructor(work: Promise<unknown>) {
    this.done = work.finally(() => {
      this.#isOver = true;
    });
    this.done.catch(() => undefined);
  }

  get isOver(): boolean {
    return this.#isOver;
  }
}

/** The next turn of the event loop: what has been scheduled by now has run by then. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
