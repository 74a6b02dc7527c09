import type {} from "@holdfast/browser";
import { cloud } from "@holdfast/cloud";
import { describeAdapter, plain, themes } from "@holdfast/conformance";
import { createClient } from "@supabase/supabase-js";
import { describe, inject, it } from "vitest";
import type {} from "./serve.ts";

const { url, key, token } = inject("project");
const client = createClient(url, key, { accessToken: async () => token });

/** What differs where fetch, streams and base64 are a browser's: the adapter's own obligations, and bodies of all kinds. */
const chosen = themes.filter(({ name }) => name.startsWith("adapter: ") || ["save and load", "streams"].includes(name));

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
