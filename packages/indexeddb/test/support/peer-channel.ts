import { type PeerChannel, runPeer } from "@holdfast/conformance";
import { indexeddb } from "@holdfast/indexeddb";

// What a worker posts to its owner is lost when it is ended; what is on a channel arrives all the same.

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

/** The suite's end of the channel. What comes before somebody listens is kept. */
export function suiteEnd(channel: BroadcastChannel): PeerChannel {
  const early: unknown[] = [];
  let tell = (message: unknown): void => void early.push(message);
  channel.addEventListener("message", ({ data }) => {
    if (data.to === "suite") tell(data.message);
  });
  return {
    send: (message) => channel.postMessage({ to: "peer", message }),
    receive(listener) {
      tell = listener;
      for (const message of early.splice(0)) listener(message);
    },
  };
}

/** Resolves, with the channel closed, when everything that was put on it so far has been handed out. */
export async function echoed(channel: BroadcastChannel): Promise<void> {
  const other = new BroadcastChannel(channel.name);
  const back = new Promise((resolve) => {
    channel.addEventListener("message", ({ data }) => data === "echo" && resolve(data));
  });
  other.postMessage("echo");
  await back;
  other.close();
  channel.close();
}
