// Another process of the suite, on the database whose path is its argument.
import { runPeer } from "@holdfast/conformance";
import { parentChannel } from "@holdfast/conformance/node";
import { sqlite } from "@holdfast/sqlite";

const path = process.argv[2] ?? "";
runPeer(() => sqlite({ path, lockTimeout: 60_000 }), parentChannel());
