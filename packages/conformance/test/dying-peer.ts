// A peer of fork-peer.test.ts that dies: at the task that its argument names, or before it has said that it is ready.
import type { PeerChannel } from "@holdfast/conformance";
import { parentChannel } from "@holdfast/conformance/node";

const [, , task] = process.argv;
if (task === undefined) process.exit(9);
const channel: PeerChannel = parentChannel();
channel.receive((message) => {
  const request = message as { readonly id: number; readonly task: { readonly do: string } };
  if (request.task.do === task) process.exit(9);
  channel.send({ type: "done", id: request.id, value: null });
});
channel.send({ type: "ready" });
