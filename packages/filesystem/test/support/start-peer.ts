import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Peer } from "@holdfast/conformance";

const script = fileURLToPath(new URL("peer.ts", import.meta.url));

/** Another process on the root. */
export async function startPeer(root: string): Promise<Peer> {
  const child = fork(script, [root], { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] });
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
