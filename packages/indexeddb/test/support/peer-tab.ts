// Another tab of the suite; its address says which database, and by which channel it is spoken to.
import { runPeerOn } from "./peer-channel.ts";

const { name, channel } = JSON.parse(decodeURIComponent(location.hash.slice(1))) as { name: string; channel: string };
runPeerOn(name, new BroadcastChannel(channel));
