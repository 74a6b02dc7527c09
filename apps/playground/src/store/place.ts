import { type ReadonlySignal, signal } from "@preact/signals";

/** What the page shows beside the list. */
export type Place = { readonly at: "list" } | { readonly at: "new" } | { readonly at: "item"; readonly key: string };

dropForeign();
const place = signal<Place>(read());
globalThis.addEventListener("hashchange", () => {
  dropForeign();
  place.value = read();
});

/** It stands in the address, so that going back works, and a reload comes back to it. */
export const currentPlace: ReadonlySignal<Place> = place;

export function addressOf(to: Place): string {
  if (to.at === "item") return `#item/${encodeURIComponent(to.key)}`;
  return to.at === "new" ? "#new" : "#";
}

/** Now and not yet: what it returns goes there, unless one has gone elsewhere meanwhile. */
export function goLater(to: Place): () => void {
  const from = addressOf(place.peek());
  return () => {
    if (addressOf(place.peek()) === from) go(to);
  };
}

export function go(to: Place): void {
  location.hash = addressOf(to);
  // The event comes later, when another store may be shown already.
  place.value = read();
}

/** A link in a mail of the project's leads here with a session behind the #: it is not used, and shall not stay in the history. */
function dropForeign(): void {
  const { hash, pathname, search } = location;
  if (hash === "" || hash === addressOf({ at: "new" }) || hash.startsWith("#item/")) return;
  history.replaceState(null, "", pathname + search);
}

function read(): Place {
  const { hash } = location;
  if (hash === "#new") return { at: "new" };
  if (!hash.startsWith("#item/")) return { at: "list" };
  try {
    return { at: "item", key: decodeURIComponent(hash.slice("#item/".length)) };
  } catch {
    // An address that somebody mistyped.
    return { at: "list" };
  }
}
