import { SeededRandom } from "@holdfast/conformance";
import type { filesystemOn } from "@holdfast/filesystem/port";
import { type Inspection, inspect } from "../check-store.ts";
import type { Saved } from "../standing.ts";
import { checkMirrored } from "./check-pairs.ts";
import { type CrashState, CrashStates } from "./crash-states.ts";
import { HurriedPorts, START } from "./hurried-ports.ts";
import type { ItemDatabase } from "./item-database.ts";
import { digestOfRecovered } from "./recovered.ts";
import { RewindingDatabase } from "./rewinding-database.ts";
import { SimulatedDatabase } from "./simulated-database.ts";
import { openSimulated, type SimulatedStore } from "./simulated-store.ts";
import type { Event } from "./trace.ts";

export interface RecoveriesOptions {
  /** Everything that is ever saved. */
  readonly saved: Saved;
  readonly adapter: typeof filesystemOn | undefined;
}

/** Recoveries from the states of one trace, each with the real adapter. */
export class Recoveries {
  readonly #saved: Saved;
  readonly #adapter: RecoveriesOptions["adapter"];
  /** By what recovery made of a store: what is the same needs looking at once. */
  readonly #inspections = new Map<string, Inspection>();
  #count = 0;
  /** The one of the last commit, which most states in a row have in common. */
  #last: { readonly stored: Uint8Array; readonly database: RewindingDatabase } | undefined;

  constructor({ saved, adapter }: RecoveriesOptions) {
    this.#saved = saved;
    this.#adapter = adapter;
  }

  /** Stores that were opened. */
  get count(): number {
    return this.#count;
  }

  /** Stores that differed after they had been recovered. */
  get outcomes(): number {
    return this.#inspections.size;
  }

  /** Opens a store as its user would after the power came back, waits until all is in its files, and looks at it. */
  async of(state: CrashState, begun: number = LATER): Promise<Inspection> {
    const database = this.#databaseOf(state.database);
    try {
      return await this.#recover(state, database, begun);
    } finally {
      if (database instanceof RewindingDatabase) database.rewind();
    }
  }

  /** Lets the power go once more while a state is being recovered from: up to so many of the states that this may leave. */
  async interrupt(state: CrashState, most: number, random: SeededRandom): Promise<CrashState[]> {
    const log: Event[] = [];
    if (state.database !== undefined) log.push({ type: "commit", database: state.database });
    const told = (event: Event) => log.push(event);
    const database = new SimulatedDatabase(state.database, (bytes) => told({ type: "commit", database: bytes }));
    const { storage } = await this.#open(state, database, LATER, told);
    await storage.flush();
    await storage.close();
    const states = new CrashStates(log, state.files, random);
    const ends = Array.from({ length: most }, () => 1 + random.below(log.length)).sort((a, b) => a - b);
    return ends.flatMap((end) => [...states.at(end, 1)]);
  }

  close(): void {
    this.#last?.database.close();
    this.#last = undefined;
  }

  async #recover(state: CrashState, database: ItemDatabase, begun: number): Promise<Inspection> {
    try {
      const { storage, disk } = await this.#open(state, database, begun, () => undefined);
      await storage.flush();
      const outcome = digestOfRecovered(disk.files, database.tables(), BigInt(begun) * 1_000_000n);
      let inspection = this.#inspections.get(outcome);
      if (inspection === undefined) {
        const stale = checkMirrored(disk.files, await storage.list());
        const { standing, wrong } = await inspect(storage, this.#saved);
        inspection = { standing, wrong: [...wrong, ...stale] };
        this.#inspections.set(outcome, inspection);
      }
      await storage.close();
      if (disk.descriptors === 0) return inspection;
      return { ...inspection, wrong: [...inspection.wrong, `${disk.descriptors} files were left open`] };
    } catch (error) {
      return { standing: [], wrong: [`the store does not open: ${wordsOf(error)}`] };
    }
  }

  #open(
    { files }: CrashState,
    database: ItemDatabase,
    begun: number,
    told: (event: Event) => void,
  ): Promise<SimulatedStore> {
    this.#count++;
    // The same random numbers each time: what differs afterwards differed before.
    const ports = new HurriedPorts(new SeededRandom(1), begun);
    return openSimulated({ files: files.clone(), database, ports, told, adapter: this.#adapter });
  }

  #databaseOf(stored: Uint8Array | undefined): ItemDatabase {
    if (stored === undefined) return new SimulatedDatabase(undefined, () => undefined);
    if (this.#last?.stored !== stored) {
      this.close();
      this.#last = { stored, database: new RewindingDatabase(stored) };
    }
    return this.#last.database;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.stack} ${String(error.cause)}` : String(error);
}

/**
 * The day after: no file counts as fresh any more, and whoever wrote what lies about is taken for dead; but previous versions are
 * still kept.
 */
export const LATER: number = START + 24 * 60 * 60 * 1_000;
