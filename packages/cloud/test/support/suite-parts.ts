import { compressed, encrypted, namespaced, plain, type RunOptions, type Theme, themes } from "@holdfast/conformance";

/**
 * Each request of these themes is a round trip, and they make tens of thousands, most to try core again over one more adapter. They
 * run with all others, and in every mode, where HOLDFAST_CONFORMANCE is `whole`.
 */
const LARGE = [
  ...["list and scan", "exactness", "faults at each call", "changes", "collections", "open streams", "keys", "options"],
  ...["two processes", "in the middle of everything", "models", "history", "abort", "open and close", "versions"],
  "edges",
];

/** What meets the adapter otherwise below a prefix, and where bodies are made smaller and encrypted. */
const NAMESPACED = ["watch", "batch", "namespace"];
const ENCRYPTED = ["save and load", "streams"];

/** Of another mode: cases about size or the adapter alone have been met in the first. */
const again: readonly Theme[] = themes.map((theme) => ({ ...theme, cases: theme.cases.filter(({ once }) => !once) }));

/** A fifth of the generated inputs: others each time. */
const thoroughness = 0.2;

const isOfAdapter = ({ name }: Theme) => name.startsWith("adapter: ");

interface Parts {
  /** The two take about as long as each other. */
  readonly first: readonly RunOptions[];
  readonly second: readonly RunOptions[];
}

const ordinary: Parts = {
  first: [{ modes: [plain], themes: themes.filter(isOfAdapter), thoroughness }],
  second: [
    {
      modes: [plain],
      themes: themes.filter((theme) => !isOfAdapter(theme) && !LARGE.includes(theme.name)),
      thoroughness,
    },
    { modes: [namespaced], themes: again.filter(({ name }) => NAMESPACED.includes(name)) },
    { modes: [encrypted], themes: again.filter(({ name }) => ENCRYPTED.includes(name)) },
  ],
};

const whole: Parts = {
  first: [{ modes: [plain] }, { modes: [compressed], themes: again }],
  second: [
    { modes: [namespaced], themes: again },
    { modes: [encrypted], themes: again },
  ],
};

export const parts: Parts = process.env["HOLDFAST_CONFORMANCE"] === "whole" ? whole : ordinary;
