import { type FaultyAdapter, faulty, SimulatedPorts } from "@holdfast/conformance";
import { openStorage, type StorageEngine, type StorageSettings } from "@holdfast/core";
import { createMemoryStore, memory } from "@holdfast/memory";
import { createStorage, type FallbackChoice, type FallbackEvent } from "holdfast";

const METHODS = [
  "open",
  "stat",
  "get",
  "put",
  "delete",
  "list",
  "batch",
  "changes",
  "lastCursor",
  "history.list",
] as const;

/** A storage with a primary that can be lost, one fallback, and time that passes only while somebody waits for it. */
export class Outage {
  readonly ports = new SimulatedPorts();
  readonly remote = createMemoryStore();
  readonly local = createMemoryStore();
  readonly primary: FaultyAdapter = faulty(memory({ store: this.remote }));
  readonly events: FallbackEvent[] = [];
  #storage: StorageEngine | undefined;

  static async begin(options?: Partial<FallbackChoice>, settings?: StorageSettings): Promise<Outage> {
    const outage = new Outage();
    await outage.start(options, settings);
    return outage;
  }

  get storage(): StorageEngine {
    if (this.#storage === undefined) throw new Error("nothing was started");
    return this.#storage;
  }

  /** Opens the storage, with something else than the one fallback, or with settings. */
  async start(options: Partial<FallbackChoice> = {}, settings: StorageSettings = {}): Promise<void> {
    const choice = {
      primary: { adapter: this.primary },
      fallbacks: [{ adapter: memory({ store: this.local }) }] as const,
      onFallback: (event: FallbackEvent) => void this.events.push(event),
      ...options,
    };
    this.#storage = await this.settled(createStorage(choice, { ...settings, ports: this.ports }));
  }

  async close(): Promise<void> {
    await this.settled(this.storage.close());
  }

  /** Lets as much time pass as the work waits for. */
  async settled<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    while (!ended) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!ended && this.ports.foregroundWaits) this.ports.fireNext();
    }
    return work;
  }

  lose(): void {
    this.primary.inject(
      ...METHODS.map((method) => ({ method, fault: "before", times: Number.POSITIVE_INFINITY }) as const),
    );
  }

  /** The primary is there again, and a minute passes. */
  async comeBack(): Promise<void> {
    this.primary.heal();
    await this.ports.advance(60_000);
  }

  /** What the primary holds, to somebody else. */
  async atPrimary<T>(work: (other: StorageEngine) => Promise<T>): Promise<T> {
    await using other = await openStorage(memory({ store: this.remote }), { ports: this.ports });
    return await work(other);
  }

  get modes(): string[] {
    return this.events.flatMap((event) => (event.type === "mode" ? [event.mode] : []));
  }
}
