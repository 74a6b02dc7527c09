import { cloud, MIGRATIONS } from "@holdfast/cloud";
import { type Result, runConformance, type Theme } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import type { Capabilities } from "@holdfast/core";
import { readSqlFiles, startSupabase } from "@holdfast/supabase";
import { createClient } from "@supabase/supabase-js";

const PEER = new URL("cloud-peer.ts", import.meta.url);

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
            peer: async () => forkPeer(PEER, [server.url, server.publishableKey, await token(), store]),
            async forgetFeed() {
              // The newest entry never leaves.
              await server.sql(`update holdfast.stores set trimmed = greatest(0, seq - 1) where name = '${store}'`);
              await server.sql(`
                delete from holdfast.feed f using holdfast.stores s
                where s.name = '${store}' and f.store = s.id and f.seq <= s.trimmed`);
            },
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
