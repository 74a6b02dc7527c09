import { StorageError, type StorageInfo, type StorageItem } from "@holdfast/core";
import { batch, computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { type Coalesced, coalesce } from "./coalesce.ts";
import { type Drafts, draftsOf } from "./drafts.ts";
import { EVERYTHING, type Filter, queryOf } from "./filter.ts";
import { Notices } from "./notices.ts";
import { isOnline } from "./online.ts";
import type { Session } from "./session.ts";
import { Task } from "./task.ts";

/** What the whole store holds, whatever the filter. */
export interface Overview {
  readonly items: number;
  /** First segments of keys, with their slash. */
  readonly folders: ReadonlyMap<string, number>;
  readonly tags: readonly string[];
}

// How often the page catches up while something, here or in another tab, writes without a rest.
const PAUSE = 150;

let opened = 0;

/** The store as the page shows it. Every part follows what is written, in this tab or another. */
export class Library {
  readonly session: Session;
  /** Unlike every other one's. */
  readonly number: number = ++opened;
  readonly notices: Notices = new Notices();
  readonly task: Task = new Task(this.notices);
  readonly drafts: Drafts;
  readonly filter = signal<Filter>(EVERYTHING);
  readonly #found = signal<readonly StorageItem[] | undefined>(undefined);
  readonly #overview = signal<Overview | undefined>(undefined);
  readonly #info = signal<StorageInfo | undefined>(undefined);
  readonly #listeners = new Set<(key: string | undefined) => void>();
  readonly #following: Coalesced;
  readonly #followers: (() => void)[] = [];
  readonly #closing = new AbortController();
  #searching = new AbortController();
  /** Whether reading has failed since it last went well: what is shown beside the list may lack something too. */
  #missed = false;

  private constructor(session: Session) {
    this.session = session;
    this.drafts = draftsOf(session);
    this.#following = coalesce(
      () => this.#catchUp(),
      PAUSE,
      (error) => {
        this.#missed = true;
        this.notices.failed("Reading the store", error);
      },
    );
  }

  /** Closes the store when it cannot be followed, or is not wanted any more. */
  static async start(session: Session, wanted?: AbortSignal): Promise<Library> {
    const library = new Library(session);
    try {
      wanted?.throwIfAborted();
      await session.storage.watch("", ({ key }) => library.#hear(key));
      wanted?.throwIfAborted();
    } catch (error) {
      // Why it cannot be followed is what there is to tell.
      await session.storage.close().catch(() => undefined);
      throw error;
    }
    const { account } = session;
    const isWithinReach = computed(
      () => account === undefined || (isOnline.value && account.standing.value === "lasting"),
    );
    library.#followers.push(
      // At first, and after a time in which nothing could be heard.
      effect(() => {
        if (isWithinReach.value) untracked(() => library.readAgain());
      }),
      effect(() => {
        const filter = library.filter.value;
        void library.#searchFor(filter);
      }),
    );
    void library.#tidy();
    return library;
  }

  /** Closes the store, when another one is shown. */
  async stop(): Promise<void> {
    for (const end of this.#followers) end();
    this.#following.end();
    this.#closing.abort();
    this.#searching.abort();
    this.task.stop();
    await this.session.storage.close();
  }

  /** What the filter leaves; undefined until the first search has ended. */
  get found(): ReadonlySignal<readonly StorageItem[] | undefined> {
    return this.#found;
  }

  get overview(): ReadonlySignal<Overview | undefined> {
    return this.#overview;
  }

  get info(): ReadonlySignal<StorageInfo | undefined> {
    return this.#info;
  }

  narrow(part: Partial<Filter>): void {
    this.filter.value = { ...this.filter.value, ...part };
  }

  toggleTag(tag: string): void {
    const { tags } = this.filter.value;
    this.narrow({ tags: tags.includes(tag) ? tags.filter((one) => one !== tag) : [...tags, tag] });
  }

  /** Calls `listener` with the key of each write; with undefined where any may have been missed, or could not be read. */
  onChange(listener: (key: string | undefined) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All that is shown. */
  readAgain(): void {
    this.#hear(undefined);
  }

  /** Reads again what depends on the browser and not on writes: space, and what it promised of it. */
  async lookAtSpace(): Promise<void> {
    this.#info.value = await this.session.storage.getInfo();
  }

  #hear(key: string | undefined): void {
    this.#following.again();
    for (const listener of this.#listeners) listener(key);
  }

  async #catchUp(): Promise<void> {
    await Promise.all([this.#search(this.filter.peek()), this.#survey(), this.lookAtSpace()]);
    if (!this.#missed) return;
    this.#missed = false;
    for (const listener of this.#listeners) listener(undefined);
  }

  /** What was deleted when the store was open before can be undone no more: it gives its room back. */
  async #tidy(): Promise<void> {
    try {
      await this.session.storage.sweep({ signal: this.#closing.signal });
      await this.lookAtSpace();
    } catch {
      // Nobody waits for it, and it is done when the store is opened again.
    }
  }

  /** For whoever has just changed the filter. */
  async #searchFor(filter: Filter): Promise<void> {
    try {
      await this.#search(filter);
    } catch (error) {
      this.notices.failed("Searching", error);
      this.#following.again();
    }
  }

  /** A newer search ends an older one, so results never come in the wrong order. */
  async #search(filter: Filter): Promise<void> {
    this.#searching.abort();
    this.#searching = new AbortController();
    const { signal } = this.#searching;
    try {
      const found = await this.session.storage.search({ ...queryOf(filter), signal });
      if (!signal.aborted) this.#found.value = found;
    } catch (error) {
      // What becomes of a search that a newer one has ended is nobody's concern.
      if (!signal.aborted && !StorageError.is(error, "ABORTED")) throw error;
    }
  }

  async #survey(): Promise<void> {
    const folders = new Map<string, number>();
    const tags = new Set<string>();
    let items = 0;
    for await (const item of this.session.storage.scan()) {
      items++;
      const slash = item.key.indexOf("/");
      const folder = slash < 0 ? undefined : item.key.slice(0, slash + 1);
      if (folder !== undefined) folders.set(folder, (folders.get(folder) ?? 0) + 1);
      for (const tag of item.tags) tags.add(tag);
    }
    batch(() => {
      this.#overview.value = { items, folders, tags: [...tags].sort((a, b) => a.localeCompare(b)) };
      // A folder that was emptied, here or elsewhere, would otherwise hide everything.
      const { folder } = this.filter.peek();
      if (folder !== "" && !folders.has(folder)) this.narrow({ folder: "" });
    });
  }
}
