import { isPromise } from "../awaitable.js";
import { type ErrorCode, StorageError } from "../errors.js";
import type { Awaitable } from "../spi/index.js";

/** One write in its place among those of its keys. */
export interface Turn {
  /** A later call for one of its keys has taken effect, or may have: what is handed on again now would take that back. */
  readonly overtaken: boolean;
  /** A later call for one of its keys was handed on and has no answer yet: it may take effect, or has. */
  readonly contended: boolean;
}

/**
 * Keeps writes of one key in the order in which they were called. A value may take time to encode (compression, Web
 * Crypto): without this, a later call with a smaller value would overtake, and the earlier one would be what stays.
 */
export class KeyOrder {
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #underWay = new Map<string, UnderWay>();
  #calls = 0;

  /**
   * Calls `next` with what `preparation` gives, after that of every earlier turn for one of the keys was called; rejects, and
   * calls nothing, where the preparation fails. Waits only where one is under way: otherwise `next` is called at once.
   *
   * `next` must hand the write on before it returns: what is called from then on finds the keys free. Before it hands it on again,
   * since there was no answer, it asks its turn what has become of later calls.
   */
  turn<T, U>(
    keys: readonly string[],
    preparation: Awaitable<T>,
    next: (prepared: T, turn: Turn) => Awaitable<U>,
  ): Awaitable<U> {
    const place = new Place(this.#underWay, keys, ++this.#calls);
    const handOn = (prepared: T) => place.follow(next(prepared, place));
    if (this.#last.size === 0 && !isPromise(preparation)) return handOn(preparation);
    const previous = keys.flatMap((key) => this.#last.get(key) ?? []);
    if (previous.length === 0 && !isPromise(preparation)) return handOn(preparation);
    return this.#queue(keys, previous, preparation, handOn);
  }

  #queue<T, U>(
    keys: readonly string[],
    previous: readonly Promise<unknown>[],
    preparation: Awaitable<T>,
    handOn: (prepared: T) => Awaitable<U>,
  ): Promise<U> {
    // The preparation is awaited even when it fails before its turn, so that its error has somebody to go to.
    const begun = Promise.allSettled([preparation, ...previous]).then(([prepared]) => {
      // In the step that calls what comes next: a write that was called in between would find nobody in front of it.
      for (const key of keys) if (this.#last.get(key) === begun) this.#last.delete(key);
      if (prepared.status === "rejected") throw prepared.reason;
      // In an object: whoever comes behind waits until it is called, not until it has its answer.
      return { answer: handOn(prepared.value) };
    });
    for (const key of keys) this.#last.set(key, begun);
    return begun.then(({ answer }) => answer);
  }
}

/** Without these a write has certainly not taken effect. */
const NO_REFUSALS: readonly ErrorCode[] = ["ABORTED", "CLOSED", "INTERNAL", "TIMEOUT", "UNAVAILABLE"];

function isRefusal(error: unknown): boolean {
  return StorageError.is(error) && !NO_REFUSALS.includes(error.code);
}

/** What is known of the writes of one key while one of them has no answer yet. */
interface UnderWay {
  readonly numbers: Set<number>;
  /** The number of the latest call that has taken effect, or may have. */
  last: number;
}

class Place implements Turn {
  readonly #underWay: Map<string, UnderWay>;
  readonly #keys: readonly string[];
  readonly #number: number;

  constructor(underWay: Map<string, UnderWay>, keys: readonly string[], number: number) {
    this.#underWay = underWay;
    this.#keys = keys;
    this.#number = number;
  }

  get overtaken(): boolean {
    return this.#standing().some(({ last }) => last > this.#number);
  }

  get contended(): boolean {
    return this.#standing().some(({ numbers }) => Array.from(numbers).some((number) => number > this.#number));
  }

  /** Remembers the write for as long as it has no answer. */
  follow<U>(answer: Awaitable<U>): Awaitable<U> {
    if (!isPromise(answer)) {
      if (this.#underWay.size > 0) this.#succeed();
      return answer;
    }
    for (const key of this.#keys) {
      let standing = this.#underWay.get(key);
      if (standing === undefined) {
        standing = { numbers: new Set(), last: 0 };
        this.#underWay.set(key, standing);
      }
      standing.numbers.add(this.#number);
    }
    answer.then(
      () => {
        this.#succeed();
        this.#end();
      },
      (error: unknown) => {
        // What was not refused may have taken effect all the same.
        if (!isRefusal(error)) this.#succeed();
        this.#end();
      },
    );
    return answer;
  }

  #standing(): UnderWay[] {
    return this.#keys.flatMap((key) => this.#underWay.get(key) ?? []);
  }

  #succeed(): void {
    for (const standing of this.#standing()) standing.last = Math.max(standing.last, this.#number);
  }

  #end(): void {
    for (const key of this.#keys) {
      const numbers = this.#underWay.get(key)?.numbers;
      numbers?.delete(this.#number);
      if (numbers?.size === 0) this.#underWay.delete(key);
    }
  }
}
