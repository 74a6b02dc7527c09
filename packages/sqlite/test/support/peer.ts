// Another process of the conformance suite. The path of the database is its argument.
import { type PeerChannel, runPeer } from "@holdfast/conformance";
import { sqlite } from "@holdfast/sqlite";

const path = process.argv[2] ?? "";
const channel: PeerChannel = {
  send: (message) => process.send?.(message),
  receive: (listener) => process.on("message", listener),
};
runPeer(() => sqlite({ path, lockTimeout: 60_000 }), channel);
