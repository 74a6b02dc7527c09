import { StorageError } from "@holdfast/core";

/** How one of several places is chosen. */
interface Choosing<Place> {
  /** Asks a place for something, to see that it answers. */
  readonly look: (place: Place) => Promise<unknown>;
  /** Whether an error says that this machine has no such place. Any other one is thrown on: it is no reason to go on to the next. */
  readonly isAbsence: (error: StorageError, place: Place) => boolean;
  /** What to throw where there is none, with what each of them asks for. */
  readonly none: (reasons: string) => StorageError;
}

/** Finds the first of several places that this machine has, with the first call that succeeds, and stays with it. */
export function firstOf<Place extends { readonly name: string }>(
  places: readonly Place[],
  { look, isAbsence, none }: Choosing<Place>,
): () => Promise<Place> {
  let chosen: Place | undefined;
  return async () => {
    const reasons: string[] = [];
    for (const place of places) {
      if (chosen !== undefined) return chosen;
      try {
        await look(place);
        chosen ??= place;
      } catch (error) {
        if (!StorageError.is(error) || !isAbsence(error, place)) throw error;
        reasons.push(`${place.name}: ${error.message}`);
      }
    }
    if (chosen !== undefined) return chosen;
    throw none(reasons.join("; "));
  };
}
