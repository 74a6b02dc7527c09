import { createHash } from "node:crypto";
import type { Plugin } from "vite";

// Fetched when somebody asks for it, and kept until it changes: it weighs twenty times as much as all the rest.
const ON_DEMAND = ["corpus.json"];

/** Many hosts redirect index.html to its folder, and what was redirected answers no navigation. */
const addressOf = (name: string) => (name === "index.html" ? "./" : name);

/**
 * Tells the service worker which files the app consists of, with a version that changes with any of them, and which there are
 * on demand, each with one of its own. Workbox would do it with two hundred packages.
 */
export function precache(): Plugin {
  return {
    name: "holdfast:precache",
    enforce: "post",
    generateBundle: {
      // After Vite has added index.html.
      order: "post",
      handler(_options, bundle) {
        const worker = bundle["service-worker.js"];
        if (worker?.type !== "chunk") this.error("the service worker was not built");
        const files = Object.keys(bundle)
          .filter((name) => name !== worker.fileName && !ON_DEMAND.includes(name) && !name.endsWith(".map"))
          .sort();
        const versionOf = (names: readonly string[]) => {
          const hash = createHash("sha256");
          for (const name of names) {
            const file = bundle[name];
            hash.update(name).update(file?.type === "chunk" ? file.code : (file?.source ?? ""));
          }
          return hash.digest("hex").slice(0, 16);
        };
        const onDemand = Object.fromEntries(ON_DEMAND.map((name) => [name, versionOf([name])]));
        worker.code = worker.code
          .replace("__FILES__", JSON.stringify(files.map(addressOf)))
          .replace("__ON_DEMAND__", JSON.stringify(onDemand))
          .replace("__VERSION__", JSON.stringify(versionOf(files)));
      },
    },
  };
}
