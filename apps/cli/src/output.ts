import type { Writable } from "node:stream";

// Fewer, larger writes: a listing of a million keys is a million lines.
const BUFFER = 64 * 1024;

/**
 * What a command prints. Each call resolves when the reader has room for more. A reader that has seen enough (`| head`) is
 * no error: the rest is dropped, and the exit code stays that of the work.
 */
export class Output {
  readonly #stream: Writable & { readonly isTTY?: boolean };
  #pending = "";
  #failure: Error | undefined;
  #closed = false;

  constructor(stream: Writable & { readonly isTTY?: boolean }) {
    this.#stream = stream;
    stream.on("error", (error: Error & { code?: string }) => {
      if (error.code === "EPIPE") this.#closed = true;
      else this.#failure ??= error;
    });
  }

  /** Nobody reads any more: a listing may stop. */
  get isClosed(): boolean {
    return this.#closed;
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true;
  }

  async line(text = ""): Promise<void> {
    await this.text(`${text}\n`);
  }

  async text(text: string): Promise<void> {
    this.#pending += text;
    if (this.#pending.length >= BUFFER) await this.flush();
  }

  async bytes(bytes: Uint8Array): Promise<void> {
    await this.flush();
    await this.#write(bytes);
  }

  async json(value: unknown): Promise<void> {
    await this.line(JSON.stringify(value, null, 2));
  }

  async flush(): Promise<void> {
    const text = this.#pending;
    this.#pending = "";
    if (text !== "" || this.#failure !== undefined) await this.#write(text);
  }

  #write(chunk: string | Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#stream.write(chunk, (error) => {
        if (error == null) resolve();
        // The event that tells which error it is comes after the callback.
        else setImmediate(() => (this.#closed ? resolve() : reject(this.#failure ?? error)));
      });
    });
  }
}
