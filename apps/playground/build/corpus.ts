import { readCorpus } from "@holdfast/demo/corpus";
import type { Plugin } from "vite";

/** One item as the app fetches it: text where the demo has bytes, which are SVG. */
interface FetchedItem {
  readonly key: string;
  readonly data?: unknown;
  readonly bytes?: string;
  readonly tags: readonly string[];
  readonly metadata: object;
}

/** Offers the demo's corpus at corpus.json: an array of parts, each with its items. */
export function corpus(): Plugin {
  return {
    name: "holdfast:corpus",
    async generateBundle() {
      this.emitFile({ type: "asset", fileName: "corpus.json", source: await corpusFile() });
    },
    configureServer({ middlewares }) {
      middlewares.use("/corpus.json", (_request, response, next) => {
        corpusFile().then((text) => {
          response.setHeader("content-type", "application/json");
          response.end(text);
        }, next);
      });
    },
  };
}

async function corpusFile(): Promise<string> {
  // The documents last, so that they are the first of what was last changed.
  const parts = (await readCorpus()).reverse();
  return JSON.stringify(
    parts.flatMap(({ items }) =>
      items.map(({ key, data, tags, metadata }): FetchedItem => {
        if (!(data instanceof Uint8Array)) return { key, data, tags, metadata };
        return { key, bytes: exactText(key, data), tags, metadata };
      }),
    ),
  );
}

function exactText(key: string, bytes: Uint8Array): string {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  if (Buffer.compare(Buffer.from(text), bytes) !== 0) throw new Error(`${key} is not text`);
  return text;
}
