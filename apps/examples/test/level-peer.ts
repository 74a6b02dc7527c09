// The other process of the suite, on the database whose directory is its argument.
import { runPeer } from "@holdfast/conformance";
import { parentChannel } from "@holdfast/conformance/node";
import { level } from "../src/adapter/level.ts";

const [, , location = ""] = process.argv;
runPeer(() => level({ location }), parentChannel());
