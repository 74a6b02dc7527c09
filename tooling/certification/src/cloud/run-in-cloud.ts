import { cloud, MIGRATIONS } from "@holdfast/cloud";
import { type Result, runConformance, type Theme } from "@holdfast/conformance";
import type { Capabilities } from "@holdfast/core";
import { readSqlFiles, startSupabase } from "@holdfast/supabase";
import { createClient } from "@supabase/supabase-js";
import { startPeer } from "../start-peer.ts";

// Nothing is asked of a project before a store is opened.
export const cloudCapabilities: Capabilities = cloud({ client: createClient("http://127.0.0.1", "none") }).capabilities;

/** Runs the suite on the cloud adapter, as a user of an embedded Supabase on PostgreSQL; its peers are other processes of that user. */
export async function* runInCloud(themes: readonly Theme[]): AsyncGenerator<Result, void, undefined> {
  const server = await startSupabase({ schema: readSqlFiles(migrations()), database: "postgres" });
  try {
    const { client } = await server.signUp();
    const token = async () => (await client.auth.getSession()).data.session?.access_token ?? "";
    yield* runConformance(
      {
        name: "cloud",
        async open() {
          const store = crypto.randomUUID();
          return {
            adapter: () => cloud({ client, store, pollInterval: 50 }),
            persistent: true,
            peer: async () => startPeer("cloud/cloud-peer.ts", server.url, server.publishableKey, await token(), store),
            async destroy() {
              await server.sql(`delete from holdfast.stores where name = '${store}'`);
            },
          };
        },
        // Some cases make tens of thousands of requests.
        timeout: 300_000,
      },
      { themes },
    );
  } finally {
    await server.stop();
  }
}

function migrations(): URL {
  const [first = ""] = MIGRATIONS;
  return new URL(".", import.meta.resolve(`@holdfast/cloud/supabase/migrations/${first}.sql`));
}
