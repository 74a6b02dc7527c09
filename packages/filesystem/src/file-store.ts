import { join } from "node:path";
import {
  type AdapterContext,
  type Awaitable,
  BEFORE_ALL_TIME,
  StorageError,
  type StoredRecord,
  type StoredStream,
} from "@holdfast/core";
import {
  type Connection,
  FeedWatcher,
  type GroupCommit,
  ItemSearch,
  ItemTable,
  type OpenDatabase,
  StoreConnection,
  StoredBodies,
  type StoredItem,
  streamFromMemory,
  sweepHistory,
} from "@holdfast/sqlite/item-table";
import { BackPressure } from "./back-pressure.js";
import { BodyFiles, MOST_IN_TABLE } from "./body-files.js";
import { BodyReader } from "./body-reader.js";
import { breathing } from "./breath.js";
import { CacheCleaner } from "./cache-cleaner.js";
import { EditClock } from "./edits/edit-clock.js";
import { EditWatcher } from "./edits/edit-watcher.js";
import { type EditParts, Edits } from "./edits/edits.js";
import { Newcomers } from "./edits/newcomers.js";
import { RefusedFiles } from "./edits/refused-files.js";
import { scanRoot } from "./edits/scan.js";
import { FileWrites } from "./file-writes.js";
import { goesByDefault, historyLimits } from "./history-limits.js";
import type { Internals } from "./internals.js";
import { type Leftover, leftoversOf } from "./leftovers.js";
import { Mirror } from "./mirror/mirror.js";
import { Pace } from "./mirror/pace.js";
import { Planner } from "./mirror/planner.js";
import { Temps } from "./mirror/temps.js";
import { VersionFiles } from "./mirror/version-files.js";
import type { MirrorLock } from "./mirror-lock.js";
import { openTable } from "./open-table.js";
import type { CompleteOptions } from "./options.js";
import { Quarantine } from "./quarantine.js";
import { RootGuard } from "./root-guard.js";
import { type Directories, prepareDirectories } from "./state-directory.js";
import { Copies } from "./table/copies.js";
import { FileTable } from "./table/file-table.js";
import { Trust } from "./trust.js";

/** One open root with everything that works on it. */
export class FileStore {
  readonly connection: Connection;
  readonly context: AdapterContext;
  readonly directories: Directories;
  readonly table: ItemTable;
  readonly search: ItemSearch;
  readonly files: FileTable;
  readonly copies: Copies;
  readonly stored: StoredBodies;
  readonly group: GroupCommit;
  readonly watcher: FeedWatcher;
  readonly mirror: Mirror;
  readonly edits: Edits;
  readonly newcomers: Newcomers;
  readonly bodies: BodyFiles;
  readonly versions: VersionFiles;
  readonly temps: Temps;
  readonly quarantine: Quarantine;
  readonly reader: BodyReader;
  readonly trust: Trust;
  readonly options: CompleteOptions;
  readonly internals: Internals;
  readonly writes: FileWrites;
  /** Throws UNAVAILABLE when `at`, or the path of the root, does not lead to the root that was opened. */
  readonly requireRoot: (at?: string) => void;
  /** The same where the work directory is below the root. */
  readonly #requireWork: () => void;
  readonly #connected: StoreConnection;
  readonly #lock: MirrorLock;
  readonly #editWatcher: EditWatcher | undefined;
  readonly #cleaner: CacheCleaner | undefined;
  #closing = false;

  static async open(options: CompleteOptions, internals: Internals, context: AdapterContext): Promise<FileStore> {
    const directories = prepareDirectories(options, internals);
    const database = await openTable(options, internals, context, directories);
    let lock: MirrorLock | undefined;
    let store: FileStore;
    try {
      lock = await internals.openMirrorLock({ path: join(directories.state, "mirror.db") });
      store = new FileStore({ options, internals, context, directories, database, lock });
    } catch (error) {
      lock?.close();
      database.connection.close();
      throw error;
    }
    try {
      await store.mirror.lead();
    } catch (error) {
      // It looks and watches already. What failed first is what matters.
      await store.close().catch(() => undefined);
      throw error;
    }
    store.mirror.wake();
    return store;
  }

  private constructor(parts: {
    options: CompleteOptions;
    internals: Internals;
    context: AdapterContext;
    directories: Directories;
    database: OpenDatabase;
    lock: MirrorLock;
  }) {
    const { options, internals, context, directories, database, lock } = parts;
    const { connection } = database;
    const { files: port } = internals;
    const { ports } = context;
    const { root, work } = directories;
    const unique = () => Buffer.from(ports.random.bytes(8)).toString("hex");
    this.options = options;
    this.internals = internals;
    this.context = context;
    this.directories = directories;
    this.connection = connection;
    this.#lock = lock;
    const history = historyLimits(context, connection);
    this.table = new ItemTable(connection, history);
    this.search = new ItemSearch(connection, () => this.#connected.catchUp());
    this.files = new FileTable(connection);
    this.copies = new Copies(connection);
    this.stored = new StoredBodies(connection);
    this.watcher = new FeedWatcher(connection, this.table.feed, ports.timers);
    const guard = new RootGuard(port, root);
    const requireRoot = (at?: string) => guard.require(at);
    this.requireRoot = requireRoot;
    this.#requireWork = () => {
      // Elsewhere it is where it was until the root is back.
      if (work.startsWith(`${root}/`)) requireRoot();
    };
    this.bodies = new BodyFiles(port, work, unique, this.#requireWork);
    this.versions = new VersionFiles(port, work);
    this.temps = new Temps(port, work, unique);
    this.quarantine = new Quarantine(port, work, unique, this.#requireWork);
    this.trust = new Trust(port, root);
    this.reader = new BodyReader({
      port,
      root,
      files: this.files,
      copies: this.copies,
      bodies: this.bodies,
      versions: this.versions,
    });
    this.#connected = new StoreConnection({
      database,
      table: this.table,
      context,
      lockTimeout: options.lockTimeout,
      committed: () => this.#committed(),
      failed: () => this.watcher.stop(),
    });
    this.group = this.#connected.group;
    const { group, table, files, copies, bodies, quarantine, stored, versions, temps } = this;
    const taking: EditParts = {
      port,
      root,
      context,
      group,
      table,
      files,
      copies,
      bodies,
      quarantine,
      stored,
      clock: new EditClock(ports),
      refused: new RefusedFiles(),
      mostInTable: MOST_IN_TABLE,
      synced: directories.synced,
      requireRoot,
      keepsHistory: table.history.keeps,
    };
    this.edits = new Edits(taking);
    this.newcomers = new Newcomers(taking);
    const kept = (key: string) => new Set(table.history.list(key, BEFORE_ALL_TIME).map(({ header }) => header.version));
    const pressure = new BackPressure({
      timers: ports.timers,
      most: options.maxPending,
      timeout: options.lockTimeout,
      count: () => files.pendingCount,
      wake: () => this.mirror.wake(),
    });
    const pace = new Pace({ timers: ports.timers, breathe: breathing(), isCrowded: () => pressure.isCrowded });
    this.mirror = new Mirror({
      port,
      root,
      versions,
      temps,
      requireRoot,
      unique,
      pace,
      ports,
      lock,
      group,
      table,
      files,
      copies,
      bodies,
      edits: this.edits,
      planner: new Planner({ port, root, files, copies, stored, bodies, kept }),
      flushTimeout: options.flushTimeout,
      tookOver: () => this.#tookOver(),
      made: (made) => this.#editWatcher?.add(made),
      idle: () => pressure.recount(),
      failed: (error) => this.writes.end(error),
    });
    const limits = options.cache;
    this.#cleaner = limits && new CacheCleaner({ limits, ports, connection, group, table, files });
    this.writes = new FileWrites({ group, table, files, copies, bodies, pressure, saving: () => pace.saving() });
    this.#editWatcher =
      options.watch && internals.watchRoot !== undefined
        ? new EditWatcher({
            watch: internals.watchRoot,
            port,
            root,
            ports,
            files,
            edits: this.edits,
            newcomers: this.newcomers,
            refused: taking.refused,
            isTrusted: (row) => this.trust.isTrusted(row),
            mark: (keys) => this.#mark(keys),
            rescan: () => this.scan(false),
          })
        : undefined;
  }

  /** Runs what needs no group, mostly reads, at once, or again on timers when it meets a lock. */
  read<T>(work: () => T, signal: AbortSignal | undefined): Awaitable<T> {
    return this.#connected.read(work, signal);
  }

  get(key: string, now: number, signal: AbortSignal | undefined): Awaitable<StoredRecord | undefined> {
    const item = this.read(() => this.#find(key, now), signal);
    if (!(item instanceof Promise) && item !== "edited") {
      if (item === undefined) return undefined;
      if (item.body.in === "memory") return { header: item.header, body: item.body.bytes };
    }
    return this.#getSlowly(key, now, signal);
  }

  async readStream(key: string, now: number, signal: AbortSignal | undefined): Promise<StoredStream | undefined> {
    const item = await this.#settled(key, now, signal);
    if (item === undefined) return undefined;
    const { header, hashes, body } = item;
    if (body.in === "memory") return streamFromMemory(header, hashes, body.bytes);
    return { header, chunkHashes: hashes, body: this.reader.stream(header) };
  }

  async flush(signal: AbortSignal | undefined): Promise<void> {
    this.#connected.require();
    this.writes.require();
    await this.mirror.flush(signal);
  }

  /** Compares the whole root with the table. */
  async scan(dropsTemps: boolean): Promise<void> {
    const { root } = this.directories;
    const breathe = breathing();
    await scanRoot({
      port: this.internals.files,
      root,
      files: this.files,
      edits: this.edits,
      newcomers: this.newcomers,
      isTrusted: (row) => this.trust.isTrusted(row),
      confirm: () => this.#confirm(),
      mark: (keys) => this.#mark(keys),
      breathe: () => {
        // A large tree takes longer than whoever closes waits.
        if (this.#closing) throw new StorageError("CLOSED", "the storage was closed while its root was looked through");
        return breathe();
      },
      entered: (directory) => this.#editWatcher?.add([directory]),
      onProgress: this.options.onProgress,
      dropsTemps,
      requireRoot: this.requireRoot,
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.watcher.stop();
    this.#cleaner?.stop();
    await this.#editWatcher?.close();
    await this.mirror.stop();
    await this.group.drained();
    this.reader.closeAll();
    this.#lock.close();
    this.#connected.close();
  }

  /** Whether what people do to the files is noticed at once. */
  get watching(): boolean {
    return this.#editWatcher?.isRunning ?? false;
  }

  /** Files of the work directory that processes left behind. */
  leftovers(): Leftover[] {
    const { internals, directories, connection, copies, temps } = this;
    return leftoversOf({ port: internals.files, work: directories.work, connection, copies, temps });
  }

  /** Removes those of them that no row has come to name meanwhile. */
  async dropLeftovers(places: readonly string[]): Promise<void> {
    if (places.length === 0) return;
    await this.group.submit(() => {
      const named = new Set(this.copies.all().map(({ place }) => place));
      for (const place of places) if (!named.has(place)) this.versions.drop(place);
    });
  }

  /** Removes files of versions that neither stand nor are kept. While the root is away, they wait for the next time. */
  async dropSurplus(): Promise<void> {
    const surplus = this.copies.surplus();
    if (surplus.length === 0 || !this.#isWorkThere()) return;
    await this.group.submit(() => {
      for (const { key, version } of surplus) this.copies.delete(key, version);
    });
    for (const { place } of surplus) this.versions.drop(place);
  }

  #isWorkThere(): boolean {
    try {
      this.#requireWork();
      return true;
    } catch (error) {
      if (StorageError.is(error, "UNAVAILABLE")) return false;
      throw error;
    }
  }

  async #tookOver(): Promise<void> {
    this.#editWatcher?.start();
    await this.scan(true);
    if (goesByDefault(this.connection)) {
      await sweepHistory(this, "", Math.floor(this.context.ports.clock.now()), undefined);
    }
    await this.dropSurplus();
    this.#requireWork();
    this.temps.clear();
    await this.dropLeftovers(this.leftovers().map(({ place }) => place));
    await this.#cleaner?.start();
  }

  async #mark(keys: readonly string[]): Promise<void> {
    await this.group.submit(() => {
      for (const key of keys) this.files.mark(key);
    });
  }

  async #confirm(): Promise<void> {
    const confirmed = this.trust.takeConfirmed();
    if (confirmed.length === 0) return;
    const record = () => {
      for (const { key, young, old } of confirmed) {
        if (this.files.find(key)?.stat === young) this.files.refresh(key, old);
      }
    };
    // Where there is no room for it, those files are hashed once more.
    await this.group.submit(record).catch(() => undefined);
  }

  /** An item, or `edited` when its data file is not as it was recorded. */
  #find(key: string, now: number): StoredItem | "edited" | undefined {
    const item = this.stored.find(key, now);
    if (item === undefined) return undefined;
    const row = this.files.find(key);
    return row === undefined || this.trust.isTrusted(row) ? item : "edited";
  }

  /** An item whose data file has been compared with what is recorded; edits are taken in. */
  async #settled(key: string, now: number, signal: AbortSignal | undefined): Promise<StoredItem | undefined> {
    const item = await this.read(() => this.#find(key, now), signal);
    if (item !== "edited") return item;
    await this.edits.examine(key);
    return this.read(() => this.stored.find(key, now), signal);
  }

  async #getSlowly(key: string, now: number, signal: AbortSignal | undefined): Promise<StoredRecord | undefined> {
    const item = await this.#settled(key, now, signal);
    if (item === undefined) return undefined;
    const { header, body } = item;
    return { header, body: body.in === "memory" ? body.bytes : await this.reader.read(header) };
  }

  #committed(): void {
    this.watcher.committed();
    this.mirror.wake();
  }
}
