import type { PeerChannel } from "../peer/protocol.js";

/** The channel of a script that `forkPeer` started, to the process that started it. Throws in any other process. */
export function parentChannel(): PeerChannel {
  if (process.send === undefined) throw new Error("a peer is started by forkPeer of the suite, not by hand");
  return {
    send: (message) => process.send?.(message),
    receive: (listener) => process.on("message", listener),
  };
}
