import { runPeer } from "@holdfast/conformance";
import { loadAdapter } from "./load-harness.js";

/** The other process of `holdfast certify`: its arguments are the adapter's module and the directory of the store. */
const [, , file = "", directory = ""] = process.argv;
const create = await loadAdapter(file);
runPeer(() => create({ directory }), {
  send: (message) => process.send?.(message),
  receive: (listener) => process.on("message", listener),
});
