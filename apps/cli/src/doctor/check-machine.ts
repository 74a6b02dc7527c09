import { listAdapters } from "holdfast";
import type { Check } from "./check.js";

// main.ts has refused anything older.
const OLDEST_NODE = 22;

/** What every store needs: Node and the adapters. `scheme` is the one that is asked for, if any. */
export async function checkMachine(scheme: string | undefined): Promise<Check[]> {
  const node: Check = {
    name: "node",
    status: "ok",
    detail: `${process.versions.node} on ${process.platform} ${process.arch} (${OLDEST_NODE} or newer is needed)`,
  };
  const adapters = (await listAdapters()).map(({ scheme: name, package: packageName, available, reason }): Check => {
    if (available) return { name: `adapter ${name}`, status: "ok", detail: `${packageName} loads` };
    return {
      name: `adapter ${name}`,
      status: name === scheme ? "fail" : "warn",
      detail: reason ?? `${packageName} does not load`,
      advice: `install ${packageName} to open ${name}: stores`,
    };
  });
  return [node, ...adapters];
}
