const REDACTED = "[secret]";
// Node's `util.inspect` and `console.log` ask for it.
const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** Text that is shown only on purpose: not in logs, not as JSON, not in a message, not by inspecting what holds it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  /** Never the text; nor do the others here that turn it into something. */
  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [inspect](): string {
    return REDACTED;
  }
}
