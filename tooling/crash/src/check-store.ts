import type { Problem, StorageEngine } from "@holdfast/core";
import type { WriterOracle } from "./oracle.ts";
import { lookUp, type Saved, type Standing } from "./standing.ts";

/** What an open store shows of itself. */
export interface Inspection {
  /** What stands, and what stands after a repair when there was something to repair. */
  readonly standing: readonly Standing[];
  /** What nobody has to be asked about: it is wrong whatever was saved. */
  readonly wrong: readonly string[];
}

// Begun by a process that died, and named by nothing.
const LEFT_BEHIND = /left behind/;

/** What is wrong with an open store, by what its writers were told and by what it says of itself. */
export async function checkStore(storage: StorageEngine, oracles: readonly WriterOracle[]): Promise<string[]> {
  const saved = oracles.flatMap((oracle) => [...oracle.keys].map((key) => [key, oracle.possible(key)] as const));
  return judge(await inspect(storage, new Map(saved)), oracles);
}

/**
 * Looks at everything that a user could see under the keys that were ever written. Unfinished files that a process left behind
 * may lie about, if `repair` clears them away.
 */
export async function inspect(storage: StorageEngine, saved: Saved): Promise<Inspection> {
  const first = await look(storage, saved);
  const { problems } = await storage.verify();
  if (problems.length === 0) return { standing: [first.standing], wrong: first.wrong };
  const { remaining } = await storage.repair();
  const second = await look(storage, saved);
  return {
    standing: [first.standing, second.standing],
    wrong: [
      ...first.wrong,
      ...problems.filter(({ message }) => !LEFT_BEHIND.test(message)).map((each) => `verify: ${tell(each)}`),
      ...remaining.map((each) => `left by repair: ${tell(each)}`),
      ...second.wrong.map((each) => `after repair: ${each}`),
    ],
  };
}

/** What is wrong with a store that was inspected, by what its writers were told. */
export function judge({ standing, wrong }: Inspection, oracles: readonly WriterOracle[]): string[] {
  const found = standing.flatMap((each, index) =>
    oracles.flatMap((oracle) => oracle.judge(each)).map((one) => (index === 0 ? one : `after repair: ${one}`)),
  );
  return [...found, ...wrong];
}

function tell({ key, code, message }: Problem): string {
  return `${code}${key === undefined ? "" : ` ${JSON.stringify(key)}`} ${message}`;
}

async function look(storage: StorageEngine, saved: Saved): Promise<{ standing: Standing; wrong: string[] }> {
  const standing = await lookUp(storage, saved);
  const listed = (await storage.list()).map(({ key }) => key);
  const found = (await storage.search({ tags: ["kept"] })).map(({ key }) => key);
  const wrong =
    listed.join("\n") === found.join("\n")
      ? []
      : [`list has ${listed.length} keys, a search for their tag ${found.length}`];
  for (const key of saved.keys()) wrong.push(...(await checkHistory(storage, key)));
  return { standing, wrong };
}

/** A version that history tells of can be loaded. */
async function checkHistory(storage: StorageEngine, key: string): Promise<string[]> {
  if (storage.getCapabilities().effective.history === "none") return [];
  const wrong: string[] = [];
  for (const { version } of await storage.history(key)) {
    const loaded = await storage.load(key, { version }).catch((error: unknown) => error);
    if (loaded instanceof Error) wrong.push(`version ${version} of ${key}: ${loaded.message}`);
    else if (loaded === undefined) wrong.push(`history tells of version ${version} of ${key}, which is not there`);
  }
  return wrong;
}
