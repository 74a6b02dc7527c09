import type { Capabilities, StorageEngine, StorageItem, StorageSettings } from "@holdfast/core";
import { collect, inPieces, readAll } from "../collect.js";
import type { Context } from "../context.js";

/** One operation on an item of its own, and what it must come to whatever happens on the way. */
export interface Subject {
  readonly name: string;
  /** Not given: everywhere. */
  readonly where?: (capabilities: Capabilities) => boolean;
  /** `signal` stands in the options of the operation; `standing` is the item before it, unless it begins with none, `older` the one before that. */
  readonly run: (target: Target) => Promise<unknown>;
  /** What it must answer, asked of somebody else once it is done. */
  readonly answer: (witness: StorageEngine, key: string) => Promise<unknown>;
  /** The value that stands afterwards. Not given: the one from before. */
  readonly leaves?: unknown;
  /** Whether it begins with nothing under the key. */
  readonly creates?: true;
}

export interface Target {
  readonly storage: StorageEngine;
  readonly key: string;
  readonly standing: StorageItem | undefined;
  /** The version before it, where the store keeps it. */
  readonly older: StorageItem | undefined;
  readonly signal?: AbortSignal | undefined;
}

const OLDER: string = "older ".repeat(40);
/** As long as the one before it, so that only its bytes tell them apart. */
const OLD: string = "old   ".repeat(40);
const NEW = "new ".repeat(70);
const BYTES = new Uint8Array(300).fill(7);

const allSubjects: readonly Subject[] = [
  // First, while there is little: it calls for each item of the store, and every subject leaves some behind.
  reading("repair", async (storage, _, signal) => (await storage.repair({ signal })).remaining),
  reading("compact", (storage, _, signal) => storage.compact({ signal })),
  writing("save", NEW, ({ storage, key, signal }) => storage.save(key, NEW, { signal, tags: ["new"] })),
  writing("save ifVersion", NEW, ({ storage, key, standing, signal }) =>
    storage.save(key, NEW, { signal, ifVersion: standing?.version }),
  ),
  {
    ...writing("save ifVersion null", NEW, ({ storage, key, signal }) =>
      storage.save(key, NEW, { signal, ifVersion: null }),
    ),
    creates: true,
  },
  writing("update", `${OLD}${NEW}`, ({ storage, key, signal }) =>
    storage.update<string>(key, (current = "") => current + NEW, { signal }),
  ),
  writing("saveStream", BYTES, ({ storage, key, signal }) => storage.saveStream(key, inPieces(BYTES, 90), { signal })),
  {
    name: "delete",
    run: ({ storage, key, standing, signal }) => storage.delete(key, { signal, ifVersion: standing?.version }),
    answer: async () => true,
    leaves: undefined,
  },
  {
    name: "batch",
    where: ({ batch }) => batch === "atomic",
    run: ({ storage, key, standing, signal }) =>
      storage.batch(
        [
          { type: "save", key, data: NEW, options: { ifVersion: standing?.version } },
          { type: "save", key: companionOf(key), data: NEW },
        ],
        { signal },
      ),
    answer: (witness, key) => Promise.all([witness.stat(key), witness.stat(companionOf(key))]),
    leaves: NEW,
  },
  {
    name: "sweep",
    run: ({ storage, signal }) => storage.sweep({ signal }),
    // The expired item that `prepare` leaves beside each.
    answer: async () => 1,
  },
  {
    ...writing("restore", OLDER, ({ storage, key, standing, older, signal }) =>
      storage.restore(key, versionOf(older), { signal, ifVersion: standing?.version }),
    ),
    where: keepsVersions,
  },
  {
    name: "history",
    where: keepsVersions,
    run: ({ storage, key, signal }) => storage.history(key, { signal }),
    answer: (witness, key) => witness.history(key),
  },
  {
    name: "load of a version",
    where: keepsVersions,
    run: ({ storage, key, older, signal }) => storage.load(key, { version: versionOf(older), signal }),
    answer: async () => OLDER,
  },
  {
    name: "loadStream of a version",
    where: keepsVersions,
    async run({ storage, key, older, signal }) {
      const stream = await storage.loadStream(key, { version: versionOf(older), signal });
      return stream && new TextDecoder().decode(await readAll(stream));
    },
    answer: async () => JSON.stringify(OLDER),
  },
  {
    name: "diff",
    where: keepsVersions,
    run: ({ storage, key, older, signal }) => storage.diff(key, versionOf(older), undefined, { signal }),
    answer: async () => [{ path: [], type: "changed", before: OLDER, after: OLD }],
  },
  {
    ...reading("changes", async (storage, key, signal) => {
      const told = await collect(storage.changes(undefined, { signal }));
      // By whom they were made is another thing for each opening.
      return told.filter((change) => change.key === key).map(({ origin: _, ...change }) => change);
    }),
    where: ({ changes }) => changes === "native",
  },
  reading("load", (storage, key, signal) => storage.load(key, { signal })),
  reading("stat", (storage, key, signal) => storage.stat(key, { signal })),
  reading("exists", (storage, key, signal) => storage.exists(key, { signal })),
  reading("list", (storage, key, signal) => storage.list(key, { signal })),
  reading("scan", (storage, key, signal) => collect(storage.scan(key, { signal }))),
  reading("search", (storage, key, signal) => storage.search({ prefix: key, tags: ["old"], signal })),
  reading("count", (storage, key, signal) => storage.count({ prefix: key, signal })),
  reading("loadStream", async (storage, key, signal) => {
    const stream = await storage.loadStream(key, { signal });
    return stream && readAll(stream);
  }),
  reading("verify", async (storage, key, signal) => (await storage.verify(key, { signal })).items),
  reading("flush", (storage, _, signal) => storage.flush({ signal })),
  reading("getInfo", async (storage, _, signal) => {
    const { items, bytes } = await storage.getInfo({ signal });
    return { items, bytes };
  }),
];

/** Every operation that an adapter must offer, or declares. */
export function subjectsOf(context: Context): Subject[] {
  return allSubjects.filter(({ where = () => true }) => where(context.capabilities));
}

/** Whether the operation is there to change something. */
export function isWrite(subject: Subject): boolean {
  return "leaves" in subject;
}

/** How every opening of such a case is made: what was replaced is kept wherever it can be. */
export function settingsFor({ capabilities }: Context): StorageSettings {
  return keepsVersions(capabilities) ? { history: true } : {};
}

/** What the subject begins with: an item that was written twice, and an expired one beside it. */
export async function prepare(
  context: Context,
  witness: StorageEngine,
  key: string,
  subject: Subject,
  between: (older: StorageItem | undefined) => Promise<unknown> = async () => undefined,
): Promise<Pick<Target, "standing" | "older">> {
  await witness.sweep();
  await witness.save(`${key}expired`, OLD, { expiration: context.clock.in(-1) });
  const older = subject.creates ? undefined : await witness.save(key, OLDER, { tags: ["old"] });
  await between(older);
  const standing = subject.creates ? undefined : await witness.save(key, OLD, { tags: ["old"] });
  // So that every opening's next version is above all that stand: the calls are the same each time.
  context.clock.advance(1);
  return { standing, older };
}

/** The value before the operation, and the one after it. */
export function valuesOf(subject: Subject): readonly [before: unknown, after: unknown] {
  const before = subject.creates ? undefined : OLD;
  return [before, "leaves" in subject ? subject.leaves : before];
}

/** What a batch writes as one with the item itself. */
export function companionOf(key: string): string {
  return `${key}companion`;
}

function keepsVersions({ history }: Capabilities): boolean {
  return history === "native";
}

function versionOf(item: StorageItem | undefined): string {
  return item?.version ?? "";
}

function writing(name: string, leaves: unknown, run: Subject["run"]): Subject {
  return { name, run, leaves, answer: (witness, key) => witness.stat(key) };
}

function reading(
  name: string,
  ask: (storage: StorageEngine, key: string, signal?: AbortSignal) => Promise<unknown>,
): Subject {
  return { name, run: ({ storage, key, signal }) => ask(storage, key, signal), answer: ask };
}
