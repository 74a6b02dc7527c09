import {
  type AdapterContext,
  type Awaitable,
  type CallOptions,
  type Ports,
  StorageError,
  type Version,
  VersionClock,
} from "@holdfast/core";
import { type FallbackStore, PROBE_KEY } from "./fallback-store.js";
import { Health } from "./health.js";
import type { CompleteFallbackOptions, FallbackMode } from "./options.js";
import { type Asking, awayError, type Primary } from "./primary.js";
import { type ReplayContext, replay } from "./replay.js";
import type { Gate, KeyTurns } from "./turns.js";
import type { WatchRelay } from "./watch-relay.js";

/** The answer of a primary that was not asked, or of one that gave none: it is away. */
export const AWAY: unique symbol = Symbol("away");

// Entries that come while others are replayed are waited for only so often; then calls wait for them.
const ROUNDS = 3;

interface StatesParts {
  readonly primary: Primary;
  readonly store: FallbackStore;
  readonly watchers: WatchRelay;
  readonly turns: KeyTurns;
  readonly gate: Gate;
}

/** Whether the primary or a fallback serves, and the ways from one to the other: "States" in docs/fallbacks.md. */
export class States {
  readonly #parts: StatesParts;
  readonly #options: CompleteFallbackOptions;
  #mode: FallbackMode = "primary";
  #context: AdapterContext | undefined;
  #clock: VersionClock | undefined;
  /** Of one opening: what is asked of an earlier one may answer still. */
  #health: Health | undefined;
  #recovering: Promise<void> | undefined;
  #closing = false;

  constructor(parts: StatesParts, options: CompleteFallbackOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get mode(): FallbackMode {
    return this.#mode;
  }

  /** In whole milliseconds. */
  now(): number {
    return Math.floor(this.#opened.ports.clock.now());
  }

  /**
   * Opens the primary where it is there, once the fallbacks are open, whose greatest version `lastVersion` is. Resolves to the greatest
   * of all; nothing waits any more where the primary is there. Where it rejects, the primary is to be closed.
   */
  async open(context: AdapterContext, lastVersion: Version | undefined): Promise<Version | undefined> {
    this.#context = context;
    this.#clock = new VersionClock(context.ports);
    this.#closing = false;
    this.#mode = "primary";
    const health = this.#healthOf(context.ports);
    this.#health = health;
    let last = lastVersion;
    try {
      const opened = await this.#parts.primary.open(context);
      if ("away" in opened) this.#leave(opened.away.message);
      else {
        const seen = opened.value?.lastVersion;
        if (seen !== undefined && (last === undefined || seen > last)) last = seen;
        await this.#begin();
      }
    } catch (error) {
      health.stop();
      throw error;
    }
    if (last !== undefined) this.#clock.observe(last);
    return last;
  }

  /** Asks the primary, unless it is known to be away; when it does not answer, the fallbacks serve from now on. */
  async ask<T>(
    { signal }: CallOptions,
    work: (signal: AbortSignal) => Awaitable<T>,
    asking?: Asking,
  ): Promise<T | typeof AWAY> {
    if (this.#mode !== "primary") return AWAY;
    const answer = await this.#parts.primary.ask(work, signal, asking);
    if ("value" in answer) return answer.value;
    this.#leave(answer.away.message);
    return AWAY;
  }

  /** Resolves when no replay is at work any more, and none begins. */
  async stop(): Promise<void> {
    this.#closing = true;
    this.#health?.stop();
    await this.#recovering;
  }

  #healthOf(ports: Ports): Health {
    return new Health(
      this.#options.policy,
      ports,
      () => this.#probe(),
      () => {
        this.#recovering = this.#recover().finally(() => {
          this.#recovering = undefined;
        });
      },
    );
  }

  #leave(reason: string): void {
    if (this.#mode === "fallback") return;
    this.#become("fallback", reason);
    this.#health?.lost();
  }

  #become(mode: FallbackMode, reason: string): void {
    this.#mode = mode;
    this.#options.tell({ type: "mode", mode, reason, waiting: this.#parts.store.waiting });
  }

  async #probe(): Promise<boolean> {
    const { primary } = this.#parts;
    try {
      const opened = await primary.open(this.#opened);
      if ("away" in opened) return false;
      const now = this.now();
      const answer = await primary.once((signal) => primary.adapter.stat(PROBE_KEY, { now, signal }), undefined);
      return "value" in answer;
    } catch {
      // It is there, and cannot be used: that is for a person to mend, and is seen in `mode`.
      return false;
    }
  }

  /** Before anything is served, so that what waits is never missed. */
  async #begin(): Promise<void> {
    const { primary, store } = this.#parts;
    if (store.waiting > 0) return this.#recover();
    try {
      await this.#greet();
    } catch (error) {
      const away = awayError(primary.adapter, error);
      if (away === undefined) throw error;
      this.#leave(away.message);
    }
  }

  /** Replays what waits, and goes back to the primary when nothing does any more. */
  async #recover(): Promise<void> {
    const { primary, store, gate } = this.#parts;
    this.#become("recovering", `${primary.adapter.name} answers again`);
    try {
      await this.#greet();
      for (let round = 0; round < ROUNDS && store.waiting > 0; round++) await replay(this.#replayContext());
      await gate.alone(async () => {
        // What another process of the app took meanwhile is its own to replay.
        while (!(await replay(this.#replayContext())));
        store.nothingWaits();
        this.#become("primary", "everything that waited has been replayed");
      });
    } catch (error) {
      this.#leave(error instanceof Error ? error.message : String(error));
    }
  }

  /** To be done each time the primary has come, before anything is sent to it. */
  async #greet(): Promise<void> {
    const { primary, store, watchers } = this.#parts;
    const { adapter } = primary;
    if (adapter.lastCursor !== undefined) {
      const cursor = await primary.once((signal) => adapter.lastCursor?.({ signal }), undefined);
      if ("away" in cursor) throw cursor.away;
      store.cursor = cursor.value;
    }
    await watchers.start();
  }

  #replayContext(): ReplayContext {
    const { primary, store, turns } = this.#parts;
    const { termsOf, carry } = this.#opened;
    return {
      primary: primary.adapter,
      store,
      turns,
      clock: this.#clock as VersionClock,
      now: () => this.now(),
      termsOf,
      carry,
      tell: this.#options.tell,
      ask: async (work, bytes) => {
        if (this.#closing) throw new StorageError("CLOSED", "this storage is being closed");
        const answer = await primary.once(work, undefined, { bytes });
        if ("away" in answer) throw answer.away;
        return answer.value;
      },
    };
  }

  get #opened(): AdapterContext {
    if (this.#context === undefined) throw new StorageError("INTERNAL", "asked before it was opened");
    return this.#context;
  }
}
