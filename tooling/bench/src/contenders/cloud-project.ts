import { createHash } from "node:crypto";
import { type CloudClient, cloud, MIGRATIONS } from "@holdfast/cloud";
import { openStorage, type StorageEngine } from "@holdfast/core";
import { readSqlFiles, type SupabaseClient, startSupabase } from "@holdfast/supabase";
import { type Document, documentsFrom, type Note } from "../data/documents.ts";
import type { ContenderFacts } from "../harness/contender.ts";
import { saveDocument } from "./holdfast.ts";

/** What a table by hand needs for the same questions; text search is PostgreSQL's own. */
const PLAIN_TABLE = `
create table public.notes (
  owner uuid not null default auth.uid(),
  key text collate "C" not null,
  data jsonb not null,
  tags text[] not null,
  metadata jsonb not null,
  primary key (owner, key)
);
create index notes_by_tag on public.notes using gin (tags);
alter table public.notes enable row level security;
create policy owner on public.notes to authenticated
  using (owner = (select auth.uid())) with check (owner = (select auth.uid()));
grant all on public.notes to authenticated;
`;
const FILLING = 250;

/** The parameters of a function of the package. */
export type Parameters = Record<string, unknown>;

/** An embedded Supabase on a PostgreSQL of its own, with one user and their store. */
export interface CloudProject {
  readonly client: SupabaseClient;
  readonly storage: StorageEngine;
  /** Of the store, as the functions take it. */
  readonly store: string;
  /** What Holdfast would send to save each of these into the store, for calls by hand. */
  writesOf(documents: readonly Document[]): Promise<Parameters[]>;
  stop(): Promise<void>;
}

export const cloudFacts = { id: "holdfast", name: "Holdfast, cloud()", role: "ours" } satisfies Partial<ContenderFacts>;
export const byHandFacts = {
  id: "by-hand",
  name: "the same calls of supabase-js by hand",
  role: "limit",
} satisfies Partial<ContenderFacts>;

/** Starts one whose store holds the first `population` documents; so does the table `notes`. */
export async function openCloudProject(population: number): Promise<CloudProject> {
  const [first = ""] = MIGRATIONS;
  const migrations = new URL(".", import.meta.resolve(`@holdfast/cloud/supabase/migrations/${first}.sql`));
  const server = await startSupabase({ schema: [...readSqlFiles(migrations), PLAIN_TABLE], database: "postgres" });
  const { client } = await server.signUp();
  const storage = await openStorage(cloud({ client }));
  for (let start = 0; start < population; start += FILLING) {
    const documents = documentsFrom(start, FILLING);
    await storage.batch(
      documents.map(({ key, data, tags, metadata }) => ({ type: "save", key, data, options: { tags, metadata } })),
    );
    await requireDone(client.from("notes").insert(documents));
  }
  await server.sql("analyze");
  const store = String(((await server.sql("select id::text as id from holdfast.stores")) as { id: string }[])[0]?.id);
  return {
    client,
    storage,
    store,
    writesOf: (documents) => writesOf(store, documents),
    async stop() {
      await storage.close();
      await server.stop();
    },
  };
}

/** By a client that sends nothing, so that terms, checksum and version are those that Holdfast computes. */
async function writesOf(store: string, documents: readonly Document[]): Promise<Parameters[]> {
  const sent: Parameters[] = [];
  const client: CloudClient = {
    rpc: (name, parameters) => ({
      async abortSignal() {
        if (name === "holdfast_open") return { data: OPENED, error: null };
        sent.push({ ...parameters, p_store: store });
        return { data: { outcome: "applied", results: [{ outcome: "written", created: 0 }] }, error: null };
      },
    }),
    storage: {
      from: () => {
        throw new Error("the documents are small");
      },
    },
    auth: { refreshSession: async () => ({ data: { session: null } }) },
  };
  const storage = await openStorage(cloud({ client }));
  for (const document of documents) await saveDocument(storage, document);
  await storage.close();
  return sent;
}

const OPENED = {
  layout: 1,
  store: "1",
  epoch: "0".repeat(32),
  tokenizer: 1,
  lastVersion: null,
  owner: "00000000-0000-0000-0000-000000000000",
  role: "authenticated",
  mine: true,
};

/** The answer of a call, which must not have failed. */
export async function requireDone<T>(
  asking: PromiseLike<{ readonly data: T; readonly error: unknown }>,
): Promise<NonNullable<T>> {
  const { data, error } = await asking;
  if (error !== null) throw new Error("a call by hand failed", { cause: error });
  return data as NonNullable<T>;
}

interface Loaded {
  readonly header: readonly [header: string, created: number];
  readonly body: string;
}

/** Of what `holdfast_get` answers: the value, its bytes checked. */
export function verified({ header: [text], body }: Loaded): Note {
  const { checksum } = JSON.parse(text) as { checksum: string };
  const bytes = Buffer.from(body, "base64");
  if (createHash("sha256").update(bytes).digest("hex") !== checksum) throw new Error("damaged");
  return JSON.parse(bytes.toString()) as Note;
}

/** What a program by hand makes of a header to have what Holdfast returns. */
export function toItem([text, created]: readonly [header: string, created: number, ...more: unknown[]]): object {
  const { compression, expiration, modified, ...header } = JSON.parse(text);
  const times = { created: new Date(created), modified: new Date(modified) };
  const item = { ...header, ...times, encrypted: false, compressed: compression !== null };
  return expiration === null ? item : { ...item, expiration: new Date(expiration) };
}
