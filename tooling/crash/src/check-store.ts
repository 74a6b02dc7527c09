import type { Problem, StorageEngine } from "@holdfast/core";
import type { WriterOracle } from "./oracle.ts";

// Begun by a process that died, and named by nothing.
const LEFT_BEHIND = /left behind/;

/**
 * What is wrong with an open store, by what its writers were told and by what it says of itself. Unfinished files that a process
 * left behind may lie about, if `repair` clears them away.
 */
export async function checkStore(storage: StorageEngine, oracles: readonly WriterOracle[]): Promise<string[]> {
  const wrong = await checkItems(storage, oracles);
  const { problems } = await storage.verify();
  if (problems.length === 0) return wrong;
  wrong.push(...problems.filter(({ message }) => !LEFT_BEHIND.test(message)).map((each) => `verify: ${tell(each)}`));
  const { remaining } = await storage.repair();
  wrong.push(...remaining.map((each) => `left by repair: ${tell(each)}`));
  return [...wrong, ...(await checkItems(storage, oracles)).map((each) => `after repair: ${each}`)];
}

function tell({ key, code, message }: Problem): string {
  return `${code}${key === undefined ? "" : ` ${JSON.stringify(key)}`} ${message}`;
}

async function checkItems(storage: StorageEngine, oracles: readonly WriterOracle[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const oracle of oracles) wrong.push(...(await oracle.check(storage)));
  const listed = (await storage.list()).map(({ key }) => key);
  const found = (await storage.search({ tags: ["kept"] })).map(({ key }) => key);
  if (listed.join("\n") !== found.join("\n")) {
    wrong.push(`list has ${listed.length} keys, a search for their tag ${found.length}`);
  }
  for (const { keys } of oracles) for (const key of keys) wrong.push(...(await checkHistory(storage, key)));
  return wrong;
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
