import { join } from "node:path";
import { checkMapOf } from "./check-map.ts";
import { checkWorkspace } from "./check-workspace.ts";
import { rules } from "./rules.ts";
import { readWorkspace } from "./workspace.ts";

const root = join(import.meta.dirname, "../../..");
const packages = readWorkspace(root);
const violations = [...checkWorkspace(packages, rules), ...checkMapOf(root, packages)];
for (const violation of violations) console.error(violation);
if (violations.length > 0) {
  console.error(`${violations.length} violations of the package map`);
  process.exitCode = 1;
} else {
  console.log(`package map holds: ${packages.length} packages`);
}
