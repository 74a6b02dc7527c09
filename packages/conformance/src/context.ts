import {
  type AdapterContext,
  type Capabilities,
  type Clock,
  MAX_KEY_BYTES,
  type OpenState,
  openStorage,
  type StorageAdapter,
  type StorageEngine,
  type StorageSettings,
} from "@holdfast/core";
import { fail } from "./assert.js";
import { capabilitiesOf, checkBacking } from "./check-harness.js";
import { type Backing, type Harness, type Mode, viewOf } from "./harness.js";
import { ManualClock } from "./manual-clock.js";
import { openBare, type Tokenizer } from "./open-bare.js";
import type { Peer } from "./peer/protocol.js";

/** How a case opens its store. */
export interface OpenOptions {
  /** Default: the case's clock. */
  readonly clock?: Clock;
  /** On top of the mode's. */
  readonly settings?: StorageSettings;
  /** What stands between core and the adapter, such as something that happens just before a call. */
  readonly through?: (adapter: StorageAdapter) => StorageAdapter;
}

/** How data is generated. */
export interface Generation {
  /** A failure of a case with generated data prints the seed that it had. Default: another for each run. */
  readonly seed?: number | undefined;
  /** How many times as many generated inputs as usual: above 1 for a longer soak, below it where each call takes long. Default: 1. */
  readonly thoroughness?: number | undefined;
}

/** Items beside the namespace of a mode, which nothing that works in it may see, change or count. */
const OUTSIDE = ["decoy", "(_%[*]?)", "(_%[*]?)0", "(X%[*]?)/decoy", "(_Y[*]?)/decoy", "(_%*Z)/decoy", "\u{10ffff}"];

/** What one case works with: its own store, and as many openings of it as it asks for. */
export class Context {
  /** Moves only when the case moves it. */
  readonly clock: ManualClock = new ManualClock();
  /** How the storage of the case is opened. */
  readonly mode: Mode;
  /** For generated data; undefined: another for each run. */
  readonly seed: number | undefined;
  /** How many times as many generated runs as usual. */
  readonly thoroughness: number;
  /** The case's own store, new and empty at first. */
  readonly backing: Backing;
  readonly #open = new Set<StorageEngine>();
  readonly #openAdapters = new Set<StorageAdapter>();
  readonly #peers: Peer[] = [];
  readonly #others: Context[] = [];
  readonly #harness: Harness;
  #surroundings: Promise<void> | undefined;

  private constructor(backing: Backing, harness: Harness, mode: Mode, { seed, thoroughness = 1 }: Generation) {
    this.backing = backing;
    this.#harness = harness;
    this.mode = mode;
    this.seed = seed;
    this.thoroughness = thoroughness;
  }

  /** With a new store. */
  static async start(harness: Harness, mode: Mode, generation: Generation = {}): Promise<Context> {
    const backing: unknown = await harness.open();
    checkBacking(backing);
    return new Context(backing, harness, mode, generation);
  }

  /** As the adapter announces them before it is opened. */
  get capabilities(): Capabilities {
    return capabilitiesOf(this.backing.adapter());
  }

  /** The longest key of the mode, in UTF-8 bytes. */
  get maxKeyBytes(): number {
    const { namespace } = this.mode;
    return MAX_KEY_BYTES - (namespace === undefined ? 0 : new TextEncoder().encode(`${namespace}/`).length);
  }

  /** Opens the case's store by another adapter. What is still open when the case ends is closed then. */
  async open(options?: OpenOptions): Promise<StorageEngine> {
    const root = await this.openRoot(options);
    if (this.mode.namespace !== undefined) {
      this.#surroundings ??= this.#surround();
      await this.#surroundings;
    }
    return viewOf(root, this.mode);
  }

  /** As `open`, but outside the mode's namespace. */
  async openRoot({
    clock = this.clock,
    settings,
    through = (adapter) => adapter,
  }: OpenOptions = {}): Promise<StorageEngine> {
    const adapter = through(this.backing.adapter());
    const root = await openStorage(adapter, { ...this.mode.settings, ...settings, ports: { clock } });
    this.#open.add(root);
    return root;
  }

  /** Closes all that is open, then opens anew. */
  async reopen(options?: OpenOptions): Promise<StorageEngine> {
    await this.close();
    return this.open(options);
  }

  /** Opens a bare adapter, as core would; `history` as the storage's user says it. */
  async openAdapter(history?: AdapterContext["history"], tokenizer?: Tokenizer): Promise<StorageAdapter> {
    const { adapter } = await this.openAdapterWithState(history, tokenizer);
    return adapter;
  }

  /** As `openAdapter`, with what its `open` answered. */
  async openAdapterWithState(
    history?: AdapterContext["history"],
    tokenizer?: Tokenizer,
  ): Promise<{ adapter: StorageAdapter; state: OpenState }> {
    const adapter = this.backing.adapter();
    const state = await openBare(adapter, this.clock, history, tokenizer);
    this.#openAdapters.add(adapter);
    return { adapter, state };
  }

  /** Closes one bare adapter. */
  async closeAdapter(adapter: StorageAdapter): Promise<void> {
    this.#openAdapters.delete(adapter);
    await adapter.close();
  }

  /** A new store that has nothing to do with the case's own. It ends with the case. */
  async elsewhere(): Promise<Context> {
    const { mode, seed, thoroughness } = this;
    const other = await Context.start(this.#harness, mode, { seed, thoroughness });
    this.#others.push(other);
    return other;
  }

  /** Starts another process on the case's store, which is gone when the case ends. */
  async startPeer(): Promise<Peer> {
    if (this.backing.peer === undefined) fail("the harness offers no peer");
    const peer = await this.backing.peer();
    this.#peers.push(peer);
    return peer;
  }

  /** Closes all that is open. */
  async close(): Promise<void> {
    const closing = [...this.#open, ...this.#openAdapters].map(async (one) => one.close());
    this.#open.clear();
    this.#openAdapters.clear();
    const failures = (await Promise.allSettled(closing)).filter((result) => result.status === "rejected");
    if (failures.length > 0) throw failures[0]?.reason;
  }

  /** Ends every peer, closes everything and removes the store. */
  async end(): Promise<void> {
    try {
      await Promise.all(this.#peers.map((peer) => peer.kill()));
      await this.close();
      await Promise.all(this.#others.map((other) => other.end()));
    } finally {
      await this.backing.destroy();
    }
  }

  /** By an opening of its own, so that the case's openings do only what the case asks of them. */
  async #surround(): Promise<void> {
    const root = await openStorage(this.backing.adapter(), { ports: { clock: this.clock } });
    const about = { tags: ["outside"], metadata: { outside: true } };
    await Promise.all(OUTSIDE.map((key) => root.save(key, "outside", about)));
    await root.close();
  }
}
