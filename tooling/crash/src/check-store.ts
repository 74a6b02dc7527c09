import type { StorageEngine } from "@holdfast/core";
import type { WriterOracle } from "./oracle.ts";

/** What is wrong with an open store, by what its writers were told and by what it says of itself. */
export async function checkStore(storage: StorageEngine, oracles: readonly WriterOracle[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const oracle of oracles) wrong.push(...(await oracle.check(storage)));
  const listed = (await storage.list()).map(({ key }) => key);
  const found = (await storage.search({ tags: ["kept"] })).map(({ key }) => key);
  if (listed.join("\n") !== found.join("\n"))
    wrong.push(`list has ${listed.length} keys, a search for their tag ${found.length}`);
  const { problems } = await storage.verify();
  return wrong.concat(problems.map(({ key, code, message }) => `verify: ${code} ${key ?? ""} ${message}`));
}
