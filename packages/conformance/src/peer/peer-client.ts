import type { Change } from "@holdfast/core";
import { ConformanceError } from "../assert.js";
import type { Context } from "../context.js";
import { Aside, until } from "../turns.js";
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
  #end: ConformanceError | undefined;

  private constructor(peer: Peer) {
    this.#peer = peer;
    // Only a peer writes to this channel.
    peer.channel.receive((message) => this.#receive(message as PeerMessage));
    void peer.exited?.then((how) => this.#mourn(new ConformanceError(`the peer ended ${how} before it answered`)));
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

  /** Resolves to what the peer answers; rejects when it fails, or has ended. */
  async perform(task: PeerTask): Promise<unknown> {
    if (this.#end !== undefined) throw this.#end;
    const id = ++this.#requests;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#peer.channel.send({ id, task } satisfies PeerRequest);
    return answer.promise;
  }

  /** Gives it a task without an end; resolves when so many saves were acknowledged to it, with which it goes on. */
  async performUntil(task: PeerTask, saves: number): Promise<void> {
    const work = new Aside(this.perform(task));
    await Promise.race([work.done, until(() => work.isOver || this.saved.length >= saves)]);
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

  #mourn(end: ConformanceError): void {
    this.#end = end;
    this.#ready.reject(end);
    for (const answer of this.#waiting.values()) answer.reject(end);
    this.#waiting.clear();
  }

  #settle(message: PeerMessage & { type: "done" | "failed" }): void {
    const answer = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === "done") answer?.resolve(message.value);
    else
      answer?.reject(
        new ConformanceError(`the peer failed with ${message.code ?? "an unknown error"}: ${message.message}`),
      );
  }
}
