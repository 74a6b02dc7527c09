import type { Peer } from "@holdfast/conformance";

/** Starts a dedicated worker as the suite's peer; it works from windows and from workers. */
export async function startWorker(name: string): Promise<Peer> {
  const worker = new Worker(new URL("./peer-worker.ts", import.meta.url), { type: "module", name });
  return {
    channel: {
      send: (message) => worker.postMessage(message),
      receive: (listener) => worker.addEventListener("message", ({ data }) => listener(data)),
    },
    kill: async () => worker.terminate(),
  };
}
