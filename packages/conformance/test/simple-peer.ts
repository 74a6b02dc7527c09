import { intercept, type Peer, runPeer } from "@holdfast/conformance";
import type { StorageAdapter } from "@holdfast/core";

/**
 * What stands for another process in tests of the suite itself: it works in this one, takes turns, talks by messages alone, and
 * when it is killed, whatever it had not begun never happens.
 */
export function startSimplePeer(adapter: () => StorageAdapter): Peer {
  let alive = true;
  const [toSuite, toPeer] = [new Line(() => alive), new Line(() => alive)];
  runPeer(
    () =>
      intercept(adapter(), async (_, work) => {
        await new Promise((resolve) => setImmediate(resolve));
        return alive ? work() : new Promise(() => undefined);
      }),
    { send: (message) => toSuite.send(message), receive: (listener) => toPeer.receive(listener) },
  );
  return {
    channel: { send: (message) => toPeer.send(message), receive: (listener) => toSuite.receive(listener) },
    async kill() {
      alive = false;
    },
  };
}

/** One direction of a channel: plain JSON, in order, kept until somebody listens. */
class Line {
  readonly #isOpen: () => boolean;
  #waiting: string[] = [];
  #listener: ((message: unknown) => void) | undefined;

  constructor(isOpen: () => boolean) {
    this.#isOpen = isOpen;
  }

  send(message: unknown): void {
    this.#waiting.push(JSON.stringify(message));
    setImmediate(() => this.#deliver());
  }

  receive(listener: (message: unknown) => void): void {
    this.#listener = listener;
    this.#deliver();
  }

  #deliver(): void {
    if (this.#listener === undefined) return;
    const messages = this.#waiting;
    this.#waiting = [];
    for (const message of messages) if (this.#isOpen()) this.#listener(JSON.parse(message));
  }
}
