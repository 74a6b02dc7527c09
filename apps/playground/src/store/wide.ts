import { type ReadonlySignal, signal } from "@preact/signals";

const query = matchMedia("(min-width: 60rem)");
const matches = signal(query.matches);
query.addEventListener("change", () => {
  matches.value = query.matches;
});

/** Whether filters, list and item stand side by side: the same width as in styles/columns.css. */
export const isWide: ReadonlySignal<boolean> = matches;
