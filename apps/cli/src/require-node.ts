// This file and main.ts are read by whatever Node the machine has: no syntax younger than ES2018, no imports of young
// modules. On Node 20 loading the SQLite driver ends the process without a word, so nothing else may be loaded before.

// As docs/cli.md has it.
const NODE_TOO_OLD = 11;

const OLDEST = 22;

/** Whether this Node is new enough; if not, says on stderr what to do and sets the exit code. */
export function requireNode(program: string): boolean {
  const version = process.versions.node;
  if (Number(version.split(".")[0]) >= OLDEST) return true;
  console.error(
    `${program}: Node ${version} is too old, ${OLDEST} or newer is needed \u2014 try: npx -y -p node@24 node ${process.argv[1]}`,
  );
  process.exitCode = NODE_TOO_OLD;
  return false;
}
