import type { StorageEngine } from "@holdfast/core";
import type { WriterOracle } from "./oracle.ts";

/**
 * What is wrong with an open store, by what its writers were told and by what it says of itself. What a crash left lying about may
 * be reported, if `repair` clears it away.
 */
export async function checkStore(storage: StorageEngine, oracles: readonly WriterOracle[]): Promise<string[]> {
  const wrong = await checkItems(storage, oracles);
  const { problems } = await storage.verify();
  if (problems.length === 0) return wrong;
  wrong.push(...problems.filter(({ repairable }) => !repairable).map(({ key, code, message }) => `verify: ${code} ${key ?? ""} ${message}`));
  const { remaining } = await storage.repair();
  wrong.push(...remaining.map(({ key, code, message }) => `left by repair: ${code} ${key ?? ""} ${message}`));
  return [...wrong, ...(await checkItems(storage, oracles)).map((each) => `after repair: ${each}`)];
}

async function checkItems(storage: StorageEngine, oracles: readonly WriterOracle[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const oracle of oracles) wrong.push(...(await oracle.check(storage)));
  const listed = (await storage.list()).map(({ key }) => key);
  const found = (await storage.search({ tags: ["kept"] })).map(({ key }) => key);
  if (listed.join("\n") !== found.join("\n")) {
    wrong.push(`list has ${listed.length} keys, a search for their tag ${found.length}`);
  }
  return wrong;
}
