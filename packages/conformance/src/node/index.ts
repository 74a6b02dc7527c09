export { forkPeer } from "./fork-peer.js";
export { parentChannel } from "./parent-channel.js";
