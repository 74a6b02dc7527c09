import type { Peer } from "@holdfast/conformance";
import { echoed, suiteEnd } from "./peer-channel.ts";

/** Starts a dedicated worker as the suite's peer, from a window or from another worker. */
export async function startWorker(name: string): Promise<Peer> {
  const channel = new BroadcastChannel(`peer:${crypto.randomUUID()}`);
  const end = suiteEnd(channel);
  const worker = new Worker(new URL("./peer-worker.ts", import.meta.url), {
    type: "module",
    name: JSON.stringify({ name, channel: channel.name }),
  });
  let gone: Promise<void> | undefined;
  return {
    channel: end,
    async kill() {
      worker.terminate();
      gone ??= echoed(channel);
      await gone;
    },
  };
}
