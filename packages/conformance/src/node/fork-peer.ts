import { fork } from "node:child_process";
import { once } from "node:events";
import type { Peer } from "../peer/protocol.js";

/**
 * Starts a script as another Node process, for `peer` of a harness. The script calls `runPeer` with `parentChannel()`; its arguments,
 * from `process.argv[2]` on, tell it which store. What it prints is shown, and flags of this process hold for it too.
 *
 * @example
 * const peer = () => forkPeer(new URL("peer.js", import.meta.url), [directory]);
 */
export async function forkPeer(script: string | URL, args: readonly string[] = []): Promise<Peer> {
  const child = fork(script, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const gone = once(child, "exit");
  return {
    channel: {
      send: (message) => child.send(message as object),
      receive: (listener) => child.on("message", listener),
    },
    async kill() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
