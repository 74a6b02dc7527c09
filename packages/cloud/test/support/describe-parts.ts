import { cloud } from "@holdfast/cloud";
import { describeAdapter, type RunOptions } from "@holdfast/conformance";
import { forkPeer } from "@holdfast/conformance/node";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startServer, TIME_TO_START } from "./server.ts";

const PEER = new URL("peer.ts", import.meta.url);
const seed = process.env["HOLDFAST_SEED"];

/** Runs parts of the suite on a server of their own. */
export function describeParts(parts: readonly RunOptions[]): void {
  let server: EmbeddedSupabase;
  let user: SignedUp;
  let token: string;
  let stores = 0;

  beforeAll(async () => {
    server = await startServer();
    user = await server.signUp();
    token = (await user.client.auth.getSession()).data.session?.access_token ?? "";
  }, TIME_TO_START);

  afterAll(() => server?.stop());

  for (const part of parts) {
    describeAdapter(
      {
        name: "cloud",
        async open() {
          const store = `store ${++stores}`;
          return {
            adapter: () => cloud({ client: user.client, store, pollInterval: 50 }),
            persistent: true,
            peer: () => forkPeer(PEER, [server.url, server.publishableKey, token, store]),
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
        timeout: 300_000,
      },
      { describe, it },
      { seed: seed === undefined ? undefined : Number(seed), ...part },
    );
  }
}
