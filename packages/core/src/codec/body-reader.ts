/**
 * Reads a stored body and lets go of it once, in every case: unlike a generator also when nothing was read of it, and at
 * once while a read is under way.
 */
export class BodyReader implements AsyncIterableIterator<Uint8Array> {
  readonly #body: AsyncIterator<Uint8Array>;
  #over = false;
  #failed = false;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body[Symbol.asyncIterator]();
  }

  /** Whether reading was ended by an error of the body's own. */
  get failed(): boolean {
    return this.#failed;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over) return { done: true, value: undefined };
    try {
      const { done, value } = await this.#body.next();
      if (!done) return { done: false, value };
    } catch (error) {
      this.#over = true;
      this.#failed = true;
      throw error;
    }
    this.#over = true;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#over) {
      this.#over = true;
      await this.#body.return?.();
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
