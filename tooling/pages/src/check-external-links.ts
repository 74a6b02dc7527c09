import { findDead } from "./external-links.ts";
import { externalLinks } from "./links.ts";
import { readPages } from "./pages.ts";

// Needs the network, so it is no part of the tests.
const links = externalLinks(readPages()).filter(({ target }) => /^https?:/.test(target));
const dead = await findDead(links.map(({ target }) => target));
for (const each of dead) {
  const from = links.find(({ target }) => each.startsWith(`${target} `));
  console.error(`${from?.page}:${from?.line}: ${each}`);
}
console.log(`${links.length} addresses, ${dead.length} dead`);
if (dead.length > 0) process.exitCode = 1;
