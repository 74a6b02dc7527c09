import { compressed, type Mode, namespaced, plain, type RunOptions, type Theme, themes } from "@holdfast/conformance";

/** The suite for another mode: cases about size or the adapter alone have been met in the first. */
const again: readonly Theme[] = themes.map((theme) => ({ ...theme, cases: theme.cases.filter(({ once }) => !once) }));

/** Of the compressed mode, what a worker's own Compression Streams have a hand in. */
const COMPRESSING = ["save and load", "exactness", "streams", "open streams"];

/** Both at once: neither knows of the other, in core or here. Each alone runs in `pnpm certify indexeddb`. */
const compressedBelow: Mode = { ...namespaced, name: "compressed, in a namespace", settings: compressed.settings };

/** The whole suite, in two parts that may run beside each other. */
export const windowParts: { readonly first: RunOptions; readonly others: RunOptions } = {
  first: { modes: [plain] },
  others: { modes: [compressedBelow], themes: again },
};

/**
 * In a worker the whole suite once: all that differs from a window (locks, channels, peers, streams) is met there. The namespace of
 * the other mode is made by core, of strings, wherever it runs.
 */
export const workerParts: readonly RunOptions[] = [
  { modes: [plain] },
  { modes: [compressed], themes: COMPRESSING.map(themeOf) },
];

function themeOf(name: string): Theme {
  const theme = again.find((each) => each.name === name);
  if (theme === undefined) throw new Error(`the suite has no theme ${name}`);
  return theme;
}
