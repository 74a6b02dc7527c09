import type { Change } from "@holdfast/core";
import { fail } from "../assert.js";
import type { Context } from "../context.js";
import type { Peer, PeerMessage, PeerRequest, PeerTask } from "./protocol.js";

/** The suite's end of a peer. */
export class PeerClient {
  /** The numbers of the saves that were acknowledged to it, by `saveForEver`. */
  readonly saved: number[] = [];
  readonly changes: Change[] = [];
  readonly #peer: Peer;
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #requests = 0;

  private constructor(peer: Peer) {
    this.#peer = peer;
    // Only a peer writes to this channel.
    peer.channel.receive((message) => this.#receive(message as PeerMessage));
  }

  /** Starts another process on the case's store, which has it open when this resolves, keeping so many versions. */
  static async start(context: Context, versions?: number): Promise<PeerClient> {
    const client = await PeerClient.connect(await context.startPeer());
    await client.perform({ do: "open", now: context.clock.now(), versions });
    return client;
  }

  /** Resolves when the peer has started. */
  static async connect(peer: Peer): Promise<PeerClient> {
    const client = new PeerClient(peer);
    await client.#ready.promise;
    return client;
  }

  /** Resolves to what the peer answers. */
  async perform(task: PeerTask): Promise<unknown> {
    const id = ++this.#requests;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#peer.channel.send({ id, task } satisfies PeerRequest);
    return answer.promise;
  }

  /** What it was about to answer is never answered. */
  async kill(): Promise<void> {
    this.#waiting.clear();
    await this.#peer.kill();
  }

  #receive(message: PeerMessage): void {
    if (message.type === "ready") this.#ready.resolve();
    else if (message.type === "saved") this.saved.push(message.index);
    else if (message.type === "changed") this.changes.push(message.change);
    else this.#settle(message);
  }

  #settle(message: PeerMessage & { type: "done" | "failed" }): void {
    const answer = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === "done") answer?.resolve(message.value);
    else answer?.reject(failure(message));
  }
}

function failure({ code, message }: PeerMessage & { type: "failed" }): unknown {
  try {
    return fail(`the peer failed with ${code ?? "an unknown error"}: ${message}`);
  } catch (error) {
    return error;
  }
}
