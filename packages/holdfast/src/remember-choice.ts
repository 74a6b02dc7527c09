import { StorageError } from "@holdfast/core";
import { noteOf } from "#platform";
import { parseStoreUrl } from "./store-url.js";

/** What is recorded of an app: where its data is. */
interface Note {
  readonly holdfast: "choice";
  readonly layout: 1;
  readonly app: string;
  readonly location: string;
}

/** The app whose choice of a store is recorded. */
export interface AppOfChoice {
  readonly name: string;
  /** The location, as it is recorded, from which the data has been moved to the one that is opened now. */
  readonly movedFrom?: string | undefined;
}

/** The place of the record, and how to make it once the store is open. */
export interface Remembering {
  readonly place: string | undefined;
  record(): Promise<void>;
}

// Of places that a shell leaves as they are.
const PLAIN = /^[\w:/.%+@,=\\-]+$/;

/**
 * Compares a choice with what is recorded of the app.
 *
 * @throws INVALID_OPTION when the app's data is elsewhere, naming both places and the command that moves it.
 */
export async function rememberChoice(app: AppOfChoice, location: string | undefined): Promise<Remembering> {
  const note = noteOf(app.name);
  if (note === undefined) return { place: undefined, record: () => Promise.resolve() };
  const { place } = note;
  const recorded = readNote(await attempt(place, () => note.read()), place);
  if (recorded !== undefined && recorded.location !== location && recorded.location !== app.movedFrom) {
    throw elsewhere(app.name, recorded.location, location, place);
  }
  const text = JSON.stringify({ holdfast: "choice", layout: 1, app: app.name, location });
  const isNews = location !== undefined && recorded?.location !== location;
  return { place, record: () => (isNews ? attempt(place, () => note.write(text)) : Promise.resolve()) };
}

function readNote(text: string | undefined, place: string): Note | undefined {
  if (text === undefined) return undefined;
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    note = undefined;
  }
  const { holdfast, layout, location } = (note ?? {}) as Partial<Record<keyof Note, unknown>>;
  if (holdfast === "choice" && layout === 1 && typeof location === "string") return note as Note;
  const newer = holdfast === "choice" && typeof layout === "number" && layout > 1;
  throw new StorageError(
    newer ? "UNSUPPORTED" : "CORRUPT",
    newer
      ? `the record of where the app's data is was written by a newer version of Holdfast (${place}): update Holdfast`
      : `the record of where the app's data is cannot be read (${place}): delete it to have the choice made anew`,
  );
}

function elsewhere(name: string, from: string, to: string | undefined, place: string): StorageError {
  const target = to ?? "a store that is gone when the program ends";
  const message = `the data of ${JSON.stringify(name)} is in ${from}, and this start would open ${target}, where it would seem gone (recorded in ${place}). ${advice(from, to)}`;
  return new StorageError("INVALID_OPTION", message);
}

function advice(from: string, to: string | undefined): string {
  if (to === undefined) return `Open ${from} by its URL instead`;
  const inBrowser = [from, to].some((url) => parseStoreUrl(url).scheme === "indexeddb");
  const move = inBrowser
    ? `Move it with createMigrator(), since one of them is in a browser (as a command: holdfast migrate ${quoted(from)} ${quoted(to)})`
    : `Move it with \`holdfast migrate ${quoted(from)} ${quoted(to)}\``;
  return `${move}, then start with movedFrom: ${JSON.stringify(from)}; or open ${from} by its URL`;
}

function quoted(url: string): string {
  return PLAIN.test(url) ? url : `'${url.replaceAll("'", `'\\''`)}'`;
}

async function attempt<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const code = StorageError.is(cause) ? cause.code : "UNAVAILABLE";
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageError(code, `cannot look up or record where the app's data is (${place}): ${reason}`, {
      retryable: false,
      cause,
    });
  }
}
