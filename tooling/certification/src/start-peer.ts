import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Peer } from "@holdfast/conformance";

/** Starts one of the scripts beside this file as another process. */
export async function startPeer(script: string, argument: string): Promise<Peer> {
  const child = fork(join(import.meta.dirname, script), [argument], {
    execArgv: [],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
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
