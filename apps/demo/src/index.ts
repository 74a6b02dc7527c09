// Read by any Node: see require-node.ts of @holdfast/cli.
import { requireNode } from "@holdfast/cli/require-node";

if (requireNode("demo")) {
  void import("./main.js").then(({ main }) => main());
}
