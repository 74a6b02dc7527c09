// Another worker of the suite; its name says which database, and by which channel it is spoken to.
import { runPeerOn } from "./peer-channel.ts";

const { name, channel } = JSON.parse(self.name) as { name: string; channel: string };
runPeerOn(name, new BroadcastChannel(channel));
