import { join } from "node:path";
import { checkProvenance } from "./provenance.ts";
import { readWorkspace } from "./workspace.ts";

/** Stops a release whose packages could not be published: run before anything is built or sent. */
const violations = checkProvenance(readWorkspace(join(import.meta.dirname, "../../..")));
for (const violation of violations) console.error(violation);
if (violations.length > 0) {
  console.error(
    "nothing was published: npm takes a package with provenance only from the repository that it names; see Releasing in CONTRIBUTING.md",
  );
  process.exitCode = 1;
}
