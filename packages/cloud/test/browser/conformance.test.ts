import type {} from "@holdfast/browser";
import { cloud } from "@holdfast/cloud";
import { describeAdapter, plain, themes } from "@holdfast/conformance";
import { createClient } from "@supabase/supabase-js";
import { describe, inject, it } from "vitest";
import type {} from "./serve.ts";

const { url, key, token } = inject("project");
const client = createClient(url, key, { accessToken: async () => token });

/** What meets a browser's own fetch, streams, base64 and connections; all where HOLDFAST_CONFORMANCE is `whole`. */
const MET_BY_A_BROWSER = [
  ...["capabilities", "adapter: put and delete", "adapter: open, batch, watch, streams and classify"],
  ...["adapter: history", "save and load", "streams", "watch"],
];
// The other process is one of Node.
const possible = themes.filter(({ name }) => name !== "two processes");
const chosen = possible.filter(({ name }) => inject("whole") || MET_BY_A_BROWSER.includes(name));

describeAdapter(
  {
    name: "cloud in a window",
    async open() {
      const store = crypto.randomUUID();
      return {
        adapter: () => cloud({ client, store, pollInterval: 50 }),
        persistent: true,
        // With the server.
        destroy: async () => undefined,
      };
    },
    timeout: 300_000,
  },
  { describe, it },
  { seed: inject("seed"), modes: [plain], themes: chosen },
);
