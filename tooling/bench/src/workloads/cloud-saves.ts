import { byHandFacts, cloudFacts, openCloudProject, requireDone } from "../contenders/cloud-project.ts";
import { saveDocument } from "../contenders/holdfast.ts";
import { type Document, documentsFrom } from "../data/documents.ts";
import type { Workload } from "../harness/workload.ts";
import { callTogether } from "./call-together.ts";

const SAVES = 40;
/** New keys for each contender, so that all insert. */
const OURS = 1_000_000;
const BY_HAND = 2_000_000;
const PLAIN = 3_000_000;

export const cloudSave: Workload<number> = {
  id: "cloud-save",
  title: "Cloud: save 1 KB",
  description:
    "Saves new documents of 1 KB, each awaited before the next, with the search index, tags and feed. One request each. The server is on this machine, and its database waits for no disk.",
  unit: "save",
  operations: SAVES,
  rounds: 40,
  warmups: 10,
  populations: [],
  input: (round) => round * SAVES,
  results: () => SAVES,
  async open() {
    const project = await openCloudProject(0);
    const { client, storage } = project;
    return [
      {
        ...cloudFacts,
        note: "computes terms, checksum and version",
        prepare: (first) =>
          callTogether(documentsFrom(OURS + first, SAVES), 1, (document) => saveDocument(storage, document)),
        close: () => project.stop(),
      },
      {
        ...byHandFacts,
        note: '`client.rpc("holdfast_write", …)`: terms, checksum, version and the body in base64 are given',
        async prepare(first) {
          const writes = await project.writesOf(documentsFrom(BY_HAND + first, SAVES));
          return () => callEach(writes, (parameters) => requireDone(client.rpc("holdfast_write", parameters)));
        },
        close: () => undefined,
      },
      {
        id: "plain-table",
        name: "a plain table",
        role: "beside",
        note: '`client.from("notes").upsert(…)` under row-level security: one table of key, data, tags and metadata as `jsonb`, an index of tags; no versions, history, feed or terms',
        prepare(first) {
          const documents = documentsFrom(PLAIN + first, SAVES);
          return () => callEach(documents, (document: Document) => requireDone(client.from("notes").upsert(document)));
        },
        close: () => undefined,
      },
    ];
  },
};

async function callEach<T>(all: readonly T[], call: (one: T) => Promise<unknown>): Promise<number> {
  for (const one of all) await call(one);
  return all.length;
}
