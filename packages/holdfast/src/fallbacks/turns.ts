/** Work on the same key runs one after the other, in the order of the calls; work on several keys has them all at once. */
export class KeyTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  run<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const before = keys.flatMap((key) => this.#last.get(key) ?? []);
    // All keys are taken in one step, so that two pieces of work never wait for each other.
    const mine = before.length === 0 ? work() : Promise.allSettled(before).then(work);
    const end = mine.then(
      () => undefined,
      () => undefined,
    );
    for (const key of keys) this.#last.set(key, end);
    void end.then(() => {
      for (const key of keys) if (this.#last.get(key) === end) this.#last.delete(key);
    });
    return mine;
  }
}

/** Many may be inside at once; somebody who wants to be alone waits until they have left, and newcomers wait for him. */
export class Gate {
  #inside = 0;
  #alone: Promise<void> | undefined;
  #onEmpty: (() => void) | undefined;

  async pass<T>(work: () => Promise<T>): Promise<T> {
    while (this.#alone !== undefined) await this.#alone;
    this.#inside++;
    try {
      return await work();
    } finally {
      if (--this.#inside === 0) this.#onEmpty?.();
    }
  }

  /** One at a time. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#alone = promise;
    try {
      if (this.#inside > 0) {
        await new Promise<void>((empty) => {
          this.#onEmpty = empty;
        });
      }
      return await work();
    } finally {
      this.#onEmpty = undefined;
      this.#alone = undefined;
      resolve();
    }
  }
}
