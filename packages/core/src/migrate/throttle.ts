import { type Ports, sleep } from "../ports.js";

/** Lets so many bytes through in a second. What comes too soon waits its turn; a pause saves nothing up. */
export class Throttle {
  readonly #bytesPerSecond: number;
  readonly #ports: Ports;
  readonly #signal: AbortSignal | undefined;
  /** When what was let through so far is paid for. */
  #free = 0;

  constructor(bytesPerSecond: number, ports: Ports, signal: AbortSignal | undefined) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#ports = ports;
    this.#signal = signal;
  }

  /** Resolves when so many bytes may pass. Rejects with the signal's reason. */
  async pass(bytes: number): Promise<void> {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY || bytes === 0) return;
    const { clock, timers } = this.#ports;
    const now = clock.elapsed?.() ?? clock.now();
    const begins = Math.max(this.#free, now);
    this.#free = begins + (bytes * 1_000) / this.#bytesPerSecond;
    if (begins > now) await sleep(timers, begins - now, this.#signal);
  }

  /** The same bytes, each chunk in its turn. */
  slow(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    if (this.#bytesPerSecond === Number.POSITIVE_INFINITY) return chunks;
    return {
      // Not a generator: one that was never begun would not pass on that it is returned.
      [Symbol.asyncIterator]: () => {
        const iterator = chunks[Symbol.asyncIterator]();
        const letGo = async () => (await iterator.return?.()) ?? { done: true as const, value: undefined };
        return {
          next: async () => {
            const chunk = await iterator.next();
            if (chunk.done !== true) {
              await this.pass(chunk.value.length).catch(async (reason: unknown) => {
                await letGo();
                throw reason;
              });
            }
            return chunk;
          },
          return: letGo,
        };
      },
    };
  }
}
