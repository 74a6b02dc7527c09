import { runPeer } from "@holdfast/conformance";
import { parentChannel } from "@holdfast/conformance/node";
import { loadAdapter } from "./load-harness.js";

/** The other process of `holdfast certify`: its arguments are the adapter's module and the directory of the store. */
const [, , file = "", directory = ""] = process.argv;
const create = await loadAdapter(file);
runPeer(() => create({ directory }), parentChannel());
