import { cloud } from "@holdfast/cloud";
import { describeAdapter, plain, themes } from "@holdfast/conformance";
import type { EmbeddedSupabase, SignedUp } from "@holdfast/supabase";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startServer } from "./support/server.ts";
import { startPeer } from "./support/start-peer.ts";

const seed = process.env["HOLDFAST_SEED"];

/**
 * Each request of these themes is a round trip, and they make tens of thousands, most to try core again over one more adapter. They
 * run with all others, and in every mode, where HOLDFAST_CONFORMANCE is `whole`.
 */
const LARGE_THEMES = [
  ...["list and scan", "exactness", "faults at each call", "changes", "collections", "open streams", "keys", "options"],
  ...["two processes", "in the middle of everything", "models", "history", "abort", "open and close", "versions"],
];
const whole = process.env["HOLDFAST_CONFORMANCE"] === "whole";
const scope = whole ? {} : { modes: [plain], themes: themes.filter(({ name }) => !LARGE_THEMES.includes(name)) };

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
  { seed: seed === undefined ? undefined : Number(seed), ...scope },
);
