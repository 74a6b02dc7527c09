import { isPromise } from "../awaitable.js";
import { type ErrorCode, StorageError } from "../errors.js";
import type { Awaitable } from "../spi/index.js";
import { KeyOrder } from "./key-order.js";

/** One write in its place among those of its keys. */
export interface Turn {
  /** A later call for one of its keys has taken effect, or may have: what is handed on again now would take that back. */
  readonly overtaken: boolean;
  /** A later call for one of its keys was handed on and has no answer yet: it may take effect, or has. */
  readonly contended: boolean;
}

/** The order of one storage's writes, as `KeyOrder` keeps it; and what a write that got no answer must know of those called after it. */
export class WriteTurns {
  readonly #order = new KeyOrder();
  readonly #underWay = new Map<string, UnderWay>();
  #calls = 0;

  /** As `KeyOrder.turn`. Before `next` hands the write on again, since there was no answer, it asks its turn. */
  turn<T, U>(
    keys: readonly string[],
    preparation: Awaitable<T>,
    next: (prepared: T, turn: Turn) => Awaitable<U>,
  ): Awaitable<U> {
    const place = new Place(this.#underWay, keys, ++this.#calls);
    return this.#order.turn(keys, preparation, (prepared) => place.follow(next(prepared, place)));
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
