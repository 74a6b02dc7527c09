export type { Peer, PeerChannel } from "../peer/protocol.js";
export { forkPeer } from "./fork-peer.js";
export { parentChannel } from "./parent-channel.js";
