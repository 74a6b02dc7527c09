// Another process of the conformance suite. The root is its argument.
import { runPeer } from "@holdfast/conformance";
import { parentChannel } from "@holdfast/conformance/node";
import { filesystem } from "@holdfast/filesystem";

const root = process.argv[2] ?? "";
runPeer(() => filesystem({ root, lockTimeout: 60_000 }), parentChannel());
