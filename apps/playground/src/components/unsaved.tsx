import type { Library } from "../store/library.ts";
import { addressOf, currentPlace, type Place } from "../store/place.ts";

/** The way back to what was typed and is not saved. */
export function Unsaved({ library }: { library: Library }) {
  const here = addressOf(currentPlace.value);
  const elsewhere = library.drafts.unsaved.value.filter((key) => addressOf(placeOf(key)) !== here);
  if (elsewhere.length === 0) return null;
  return (
    <nav class="unsaved" aria-label="Not saved">
      <span>Not saved yet:</span>
      {elsewhere.map((key) => (
        <a key={key} class="clip" href={addressOf(placeOf(key))}>
          {key ?? "a new item"}
        </a>
      ))}
    </nav>
  );
}

function placeOf(key: string | undefined): Place {
  return key === undefined ? { at: "new" } : { at: "item", key };
}
