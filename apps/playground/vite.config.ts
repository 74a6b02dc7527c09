import { defineConfig } from "vite";
import { corpus } from "./build/corpus.ts";
import { policy } from "./build/policy.ts";
import { precache } from "./build/precache.ts";

export default defineConfig({
  // Relative, so that the built app can lie below any path.
  base: "./",
  // JSX as in tsconfig.json; no plugin of Preact's is needed for that.
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [corpus(), policy(), precache()],
  build: {
    target: "baseline-widely-available",
    // What was preloaded before the service worker took over is loaded again, with a warning for each file.
    modulePreload: false,
    // The first with light-dark(), which cannot be rewritten for a page whose colours may be chosen.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // Data URIs would be bytes of the page that no cache can share.
    assetsInlineLimit: 0,
    rolldownOptions: {
      input: { index: "index.html", "service-worker": "src/service-worker.ts" },
      output: {
        // Where a service worker lies decides which pages it serves, and its name must stay the same.
        entryFileNames: ({ name }) => (name === "service-worker" ? "[name].js" : "assets/[name]-[hash].js"),
      },
    },
  },
});
