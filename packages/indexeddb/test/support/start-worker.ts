import type { Peer } from "@holdfast/conformance";

/** Starts a dedicated worker as the suite's peer, from a window or from another worker. */
export async function startWorker(name: string): Promise<Peer> {
  // What a worker posts to its owner is lost when it is ended; what is on a channel arrives all the same.
  const channel = new BroadcastChannel(`peer:${crypto.randomUUID()}`);
  const worker = new Worker(new URL("./peer-worker.ts", import.meta.url), {
    type: "module",
    name: JSON.stringify({ name, channel: channel.name }),
  });
  let gone: Promise<void> | undefined;
  return {
    channel: {
      send: (message) => channel.postMessage({ to: "peer", message }),
      receive: (listener) =>
        channel.addEventListener("message", ({ data }) => {
          if (data.to === "suite") listener(data.message);
        }),
    },
    async kill() {
      worker.terminate();
      gone ??= echoed(channel);
      await gone;
    },
  };
}

/** Resolves, with the channel closed, when everything that was put on it so far has been handed out. */
async function echoed(channel: BroadcastChannel): Promise<void> {
  const other = new BroadcastChannel(channel.name);
  const back = new Promise((resolve) => {
    channel.addEventListener("message", ({ data }) => data === "echo" && resolve(data));
  });
  other.postMessage("echo");
  await back;
  other.close();
  channel.close();
}
