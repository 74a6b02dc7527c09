// Another process of the conformance suite. The root is its argument.
import { type PeerChannel, runPeer } from "@holdfast/conformance";
import { filesystem } from "@holdfast/filesystem";

const root = process.argv[2] ?? "";
const channel: PeerChannel = {
  send: (message) => process.send?.(message),
  receive: (listener) => process.on("message", listener),
};
runPeer(() => filesystem({ root, lockTimeout: 60_000 }), channel);
