import { StorageError, type StorageInfo, type StorageItem } from "@holdfast/core";
import { batch, effect, type ReadonlySignal, signal } from "@preact/signals";
import { coalesce } from "./coalesce.ts";
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
  readonly #listeners = new Set<(key: string) => void>();
  readonly #followers: (() => void)[] = [];
  #searching = new AbortController();

  private constructor(session: Session) {
    this.session = session;
    this.drafts = draftsOf(session);
  }

  /** Closes the store when it cannot be followed, or is not wanted any more. */
  static async start(session: Session, wanted?: AbortSignal): Promise<Library> {
    const library = new Library(session);
    const follow = coalesce(() => library.#catchUp(), PAUSE);
    try {
      await session.storage.watch("", ({ key }) => {
        follow();
        for (const listener of library.#listeners) listener(key);
      });
      wanted?.throwIfAborted();
    } catch (error) {
      // Why it cannot be followed is what there is to tell.
      await session.storage.close().catch(() => undefined);
      throw error;
    }
    library.#followers.push(
      // At first, and after a time in which nothing could be heard.
      effect(() => {
        if (isOnline.value) follow();
      }),
      effect(() => {
        void library.#search(library.filter.value);
      }),
    );
    return library;
  }

  /** Closes the store, when another one is shown. */
  async stop(): Promise<void> {
    for (const end of this.#followers) end();
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

  /** Calls `listener` with the key of each write. */
  onChange(listener: (key: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads again what depends on the browser and not on writes: space, and what it promised of it. */
  async lookAtSpace(): Promise<void> {
    this.#info.value = await this.session.storage.getInfo();
  }

  async #catchUp(): Promise<void> {
    await this.notices.attempt("Reading the store", async () => {
      await Promise.all([this.#search(this.filter.peek()), this.#survey(), this.lookAtSpace()]);
    });
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
      if (!StorageError.is(error, "ABORTED")) this.notices.failed("Searching", error);
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
