// The other process of fork-peer.test.ts: says what it is told, with what it was started with.
import { parentChannel } from "@holdfast/conformance/node";

const channel = parentChannel();
channel.receive((message) => channel.send({ of: process.argv[2], ...(message as object) }));
