import { parseJson } from "../codec/parse-json.js";
import type { MigrationJournal } from "../contract/migration.js";
import type { JsonObject, JsonValue } from "../contract/storage-item.js";
import { CallerError } from "../engine/failure.js";
import { StorageError } from "../errors.js";
import { isPlainObject } from "../invalid-option.js";
import type { JournalLine } from "./journal-line.js";
import type { RunState } from "./run-state.js";

const LAYOUT = 1;

interface FirstLine {
  readonly journal: number;
  readonly id: JsonObject;
  readonly cursor: string | null;
}

/** The journal of one run, where there is one. What the caller's journal throws comes out as it is. */
export class Journal {
  readonly #given: MigrationJournal | undefined;

  constructor(given: MigrationJournal | undefined) {
    this.#given = given;
  }

  /**
   * Brings `state` to where an earlier run of the same migration had got. False when there was none. Throws INVALID_OPTION for the
   * journal of another migration, CORRUPT for one that cannot be read.
   */
  async resume(id: JsonObject, state: RunState): Promise<boolean> {
    if (this.#given === undefined) return false;
    const lines = await this.#read(this.#given);
    const [first, ...rest] = lines.map(parse);
    if (first === undefined) return false;
    if (!isFirst(first)) throw unreadable(0);
    if (first.journal !== LAYOUT) {
      throw new StorageError(
        "UNSUPPORTED",
        `this journal has layout ${first.journal}, and this version of Holdfast reads ${LAYOUT}: go on with the version that began it, or clear the journal`,
      );
    }
    const other = differing(first.id, id);
    if (other !== undefined && inOnePlace(first.id[other], id[other])) {
      throw new StorageError(
        "INVALID_OPTION",
        `the ${other} is not the one that this journal tells of: that was deleted, and another made in its place. To copy everything into this one, clear the journal`,
      );
    }
    if (other !== undefined) {
      throw new StorageError(
        "INVALID_OPTION",
        `this is the journal of another migration (its ${other} is ${JSON.stringify(first.id[other])}, not ${JSON.stringify(id[other])}): finish that one, or clear the journal`,
      );
    }
    state.cursor = first.cursor ?? undefined;
    for (const [index, line] of rest.entries()) {
      if (!isLine(line) || !state.apply(line)) throw unreadable(index + 1);
    }
    return true;
  }

  async begin(id: JsonObject, cursor: string | undefined): Promise<void> {
    await this.clear();
    const first: FirstLine = { journal: LAYOUT, id, cursor: cursor ?? null };
    await this.#append(first);
  }

  async note(state: RunState): Promise<void> {
    if (this.#given === undefined) state.dropNews();
    else await this.#append(state.takeLine());
  }

  async clear(): Promise<void> {
    const given = this.#given;
    if (given !== undefined) await theirs(() => given.clear());
  }

  async #append(line: object): Promise<void> {
    const given = this.#given;
    if (given !== undefined) await theirs(() => given.append(JSON.stringify(line)));
  }

  #read(given: MigrationJournal): Promise<string[]> {
    return theirs(async () => {
      const lines: string[] = [];
      for await (const line of given.read()) lines.push(line);
      return lines;
    });
  }
}

/** StorageErrors of a journal pass as they are, and so do all others. */
async function theirs<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new CallerError(error);
  }
}

function parse(line: unknown, index: number): JsonValue {
  try {
    return parseJson(String(line)) as JsonValue;
  } catch {
    throw unreadable(index);
  }
}

function isFirst(value: unknown): value is FirstLine {
  return (
    isPlainObject(value) &&
    typeof value["journal"] === "number" &&
    isPlainObject(value["id"]) &&
    (value["cursor"] === null || typeof value["cursor"] === "string")
  );
}

const LISTS = ["exceptions", "conflicts", "failures", "keptBoth"];

function isLine(value: unknown): value is JournalLine {
  return (
    isPlainObject(value) &&
    (value["phase"] === "copy" || value["phase"] === "verify") &&
    typeof value["anew"] === "boolean" &&
    (value["after"] === null || typeof value["after"] === "string") &&
    (value["cursor"] === null || typeof value["cursor"] === "string") &&
    typeof value["settled"] === "string" &&
    typeof value["verifiedBytes"] === "number" &&
    isPlainObject(value["counts"]) &&
    isPlainObject(value["passed"]) &&
    LISTS.every((name) => Array.isArray(value[name]))
  );
}

/** The first property in which two descriptions differ. Where one does not tell which store it is, the place of both decides. */
function differing(a: JsonObject, b: JsonObject): string | undefined {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.find((name) => {
    const [one, other] = [a[name], b[name]];
    if (JSON.stringify(one) === JSON.stringify(other)) return false;
    return !inOnePlace(one, other) || (isNamed(one) && isNamed(other));
  });
}

/** Whether two stores are in the same place, be they one or not. */
function inOnePlace(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (!isPlainObject(a) || !isPlainObject(b)) return false;
  const [one, other] = [a, b].map((store) => JSON.stringify({ ...store, epoch: null }));
  return one === other;
}

function isNamed(store: JsonValue | undefined): boolean {
  return isPlainObject(store) && (store["epoch"] ?? null) !== null;
}

function unreadable(index: number): StorageError {
  return new StorageError(
    "CORRUPT",
    `line ${index + 1} of the migration's journal cannot be read: clear it to begin anew`,
  );
}
