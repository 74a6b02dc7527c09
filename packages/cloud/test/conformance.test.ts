import { cloud } from "@holdfast/cloud";
import { describeAdapter, plain } from "@holdfast/conformance";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startServer } from "./support/server.ts";
import { startPeer } from "./support/start-peer.ts";

const seed = process.env["HOLDFAST_SEED"];
let server: EmbeddedSupabase;
let user: SignedUp;
let token: string;
let stores = 0;

beforeAll(async () => {
  server = await startServer();
  user = await server.signUp();
  token = (await user.client.auth.getSession()).data.session?.access_token ?? "";
});

afterAll(() => server?.stop());

describeAdapter(
  {
    name: "cloud",
    async open() {
      const store = `store ${++stores}`;
      return {
        adapter: () => cloud({ client: user.client, store, pollInterval: 50 }),
        persistent: true,
        peer: () => startPeer(server, token, store),
        async forgetFeed() {
          // The newest entry never leaves.
          await server.sql(`
            delete from holdfast.feed f using holdfast.stores s
            where s.name = '${store}' and f.store = s.id and f.seq < s.seq`);
        },
        async destroy() {
          await server.sql(`delete from holdfast.stores where name = '${store}'`);
        },
      };
    },
    timeout: 300_000,
  },
  { describe, it },
  { seed: seed === undefined ? undefined : Number(seed), modes: [plain] },
);
