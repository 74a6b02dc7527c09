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
  const exited = once(child, "exit").then(
    ([code, signal]) => (code === null ? `by ${signal}` : `with code ${code}`),
    // It never began.
    (error) => `with ${error}`,
  );
  return {
    channel: {
      // Who is gone hears nothing, and `exited` has told of it.
      send: (message) => child.send(message as object, () => undefined),
      receive: (listener) => child.on("message", listener),
    },
    exited,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
