import { runPeer } from "@holdfast/conformance";
import { indexeddb } from "@holdfast/indexeddb";

/** Makes this tab or worker the suite's peer. */
export function runPeerOn(name: string, channel: BroadcastChannel): void {
  runPeer(() => indexeddb({ name }), {
    send: (message) => channel.postMessage({ to: "suite", message }),
    receive: (listener) =>
      channel.addEventListener("message", ({ data }) => {
        if (data.to === "peer") listener(data.message);
      }),
  });
}
