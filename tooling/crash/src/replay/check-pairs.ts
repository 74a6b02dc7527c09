import { sha256Of } from "./content.ts";
import type { Files } from "./files.ts";
import { ROOT } from "./simulated-store.ts";

interface Entry {
  readonly file: string;
  readonly sha256: string;
  readonly version: string;
}

/**
 * What a reader of the files alone would stumble over. At any instant and after any loss of power, every data file has a companion
 * beside it that tells of just these bytes; and an item that was in its file once, and was not `deleted`, has one.
 */
export function checkPairs({ names }: Files, deleted: ReadonlySet<string>): string[] {
  const told = new Map<string, Set<string>>();
  const companions: { key: string; paths: string[] }[] = [];
  const data: [path: string, bytes: Uint8Array][] = [];
  for (const [path, { bytes }] of names) {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    if (!path.startsWith(`${ROOT}/`) || path.startsWith(`${ROOT}/.holdfast/`) || name.startsWith(".holdfast-"))
      continue;
    if (!name.endsWith(".meta.json")) {
      data.push([path, bytes]);
      continue;
    }
    const { key, entries } = readCompanion(bytes);
    const paths = entries.map(({ file }) => `${path.slice(0, slash)}/${file}`);
    for (const [index, each] of paths.entries()) {
      told.set(each, (told.get(each) ?? new Set()).add(entries[index]?.sha256 ?? ""));
    }
    // Before an item's first file comes its companion, alone and telling of nothing before.
    if (entries.length === 2 && !deleted.has(key)) companions.push({ key, paths });
  }
  const strange = data.filter(([path, bytes]) => !told.get(path)?.has(sha256Of(bytes)));
  const alone = companions.filter(({ paths }) => !paths.some((path) => names.has(path)));
  return [
    ...strange.map(([path]) => `no companion tells of ${path} as it is`),
    ...alone.map(({ key }) => `${key} has neither its old file nor its new one`),
  ];
}

/** Items whose companion does not tell of the version that stands. To be asked when everything has been mirrored. */
export function checkMirrored({ names }: Files, items: readonly { key: string; version: string }[]): string[] {
  const mirrored = new Map<string, string | undefined>();
  for (const [path, { bytes }] of names) {
    if (!path.endsWith(".meta.json") || path.startsWith(`${ROOT}/.holdfast/`)) continue;
    const { key, entries } = readCompanion(bytes);
    mirrored.set(key, entries[0]?.version);
  }
  return items.flatMap(({ key, version }) =>
    mirrored.get(key) === version
      ? []
      : [`${key} stands with version ${version}, its companion has ${mirrored.get(key)}`],
  );
}

interface Told {
  readonly key: string;
  /** The version that is meant to stand, and the one before it where the companion tells of two. */
  readonly entries: readonly Entry[];
}

// Most companions are in many states.
const read = new WeakMap<Uint8Array, Told>();

function readCompanion(bytes: Uint8Array): Told {
  let companion = read.get(bytes);
  if (companion === undefined) {
    companion = parseCompanion(bytes);
    read.set(bytes, companion);
  }
  return companion;
}

function parseCompanion(bytes: Uint8Array): Told {
  try {
    const companion: Entry & { key: string; previous?: Entry } = JSON.parse(Buffer.from(bytes).toString("utf8"));
    const { key, previous } = companion;
    return { key, entries: previous === undefined ? [companion] : [companion, previous] };
  } catch {
    // Half of a companion tells of nothing.
    return { key: "", entries: [] };
  }
}
