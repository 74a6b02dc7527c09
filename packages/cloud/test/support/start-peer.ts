import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Peer } from "@holdfast/conformance";
import type { EmbeddedSupabase } from "@holdfast/supabase";

const script = fileURLToPath(new URL("peer.ts", import.meta.url));

/** Another process on one store of the user with that token. */
export async function startPeer(server: EmbeddedSupabase, token: string, store: string): Promise<Peer> {
  const child = fork(script, [server.url, server.publishableKey, token, store], {
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
