import { join } from "node:path";
import {
  openAtomically,
  openCacache,
  openConf,
  openRawFiles,
  openWriteFileAtomic,
} from "../contenders/file-writers.ts";
import { openHoldfastFiles, saveDocument } from "../contenders/holdfast.ts";
import type { Store } from "../contenders/store.ts";
import { openUnstorageFs } from "../contenders/unstorage.ts";
import { documentsFrom } from "../data/documents.ts";
import type { Contender } from "../harness/contender.ts";
import type { Site, Workload } from "../harness/workload.ts";
import { callTogether } from "./call-together.ts";
import type { SaveInput } from "./sqlite-saves.ts";

interface Shape {
  readonly together: number;
  readonly operations: number;
  readonly rounds: number;
  /** Our round ends when everything is in its file. */
  readonly flush: boolean;
  /** Only those who wait for the disk: an fsync that is slow makes no difference to the others. */
  readonly durableOnly: boolean;
}

export const filesystemSave: Workload<SaveInput> = saves(
  {
    id: "filesystem-save",
    title: "Files: durable save, one by one",
    description:
      "Saves new documents of 1 KB as a readable file each, every save awaited before the next. Ours is acknowledged when it is durable in the item table, and mirrored into its file afterwards.",
  },
  { together: 1, operations: 200, rounds: 20, flush: false, durableOnly: false },
);

export const filesystemSaveTogether: Workload<SaveInput> = saves(
  {
    id: "filesystem-save-64",
    title: "Files: durable save, 64 at once",
    description: "Saves new documents of 1 KB as a readable file each: 64 calls, then awaits them all.",
  },
  { together: 64, operations: 320, rounds: 20, flush: false, durableOnly: false },
);

export const filesystemSaveSlow: Workload<SaveInput> = {
  ...saves(
    {
      id: "filesystem-save-64-slow",
      title: "Files: durable save, 64 at once, where an fsync takes 2 ms longer",
      description:
        "As above, with every fsync of the process slowed by 2 ms, as on many a desktop's disk. Only contenders that wait for the disk.",
    },
    { together: 64, operations: 128, rounds: 10, flush: false, durableOnly: true },
  ),
  fsyncDelay: 2_000,
};

export const filesystemSustained: Workload<SaveInput> = saves(
  {
    id: "filesystem-sustained",
    title: "Files: durable save, until every file is in its place",
    description:
      "Saves new documents of 1 KB, 64 at once. Ours ends with `flush()`: every document is in the item table, in its file and in a companion, all fsynced with their directories.",
  },
  { together: 64, operations: 320, rounds: 20, flush: true, durableOnly: true },
);

function saves(
  facts: { readonly id: string; readonly title: string; readonly description: string },
  { together, operations, rounds, flush, durableOnly }: Shape,
): Workload<SaveInput> {
  return {
    ...facts,
    unit: "save",
    operations,
    rounds,
    warmups: 3,
    populations: [],
    input(round) {
      const first = round * operations;
      return { first, documents: documentsFrom(first, operations) };
    },
    results: ({ documents }) => documents.length,
    async open({ directory }: Site) {
      const at = (name: string) => join(directory, name);
      const others = durableOnly
        ? []
        : [openConf(at("conf"), 100), openCacache(at("cacache")), await openUnstorageFs(at("unstorage-fs"))];
      return [
        await byHoldfast(at("holdfast"), together, flush),
        byPeer(openWriteFileAtomic(at("write-file-atomic")), together, "limit"),
        byPeer(openAtomically(at("atomically")), together, "beside"),
        byPeer(openRawFiles(at("raw-files")), together, "beside"),
        ...others.map((store) => byPeer(store, together, "beside")),
      ];
    },
  };
}

async function byHoldfast(root: string, together: number, flush: boolean): Promise<Contender<SaveInput>> {
  const storage = await openHoldfastFiles(root);
  return {
    id: "holdfast",
    name: "Holdfast, filesystem()",
    role: "ours",
    durability: "media",
    note: flush
      ? "resolves when item table, files, companions and directories are fsynced"
      : "resolves after the commit of the item table with `synchronous = FULL`; mirroring waits until the saves are done, and is done before others have their turn: what it takes is in the row that ends with `flush()`",
    prepare({ documents }) {
      const run = callTogether(documents, together, (document) => saveDocument(storage, document));
      if (!flush) return run;
      return async () => {
        const saved = await run();
        await storage.flush();
        return saved;
      };
    },
    settle: () => storage.flush(),
    close: () => storage.close(),
  };
}

function byPeer(store: Store, together: number, role: "limit" | "beside"): Contender<SaveInput> {
  const { id, name, durability, note } = store;
  return {
    id,
    name,
    role,
    durability,
    note,
    prepare: ({ documents }) => callTogether(documents, together, (document) => store.save(document)),
    close: () => store.close(),
  };
}
