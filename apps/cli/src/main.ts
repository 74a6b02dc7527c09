#!/usr/bin/env node
// Read by any Node: see require-node.ts.
import { requireNode } from "./require-node.js";

if (requireNode("holdfast")) {
  void import("./cli.js").then(({ runProcess }) => runProcess());
}
