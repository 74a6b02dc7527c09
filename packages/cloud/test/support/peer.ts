// Another process of the conformance suite: address, key, access token and the name of the store are its arguments.
import { cloud } from "@holdfast/cloud";
import { type PeerChannel, runPeer } from "@holdfast/conformance";
import { createClient } from "@supabase/supabase-js";

const [url = "", key = "", token = "", store = ""] = process.argv.slice(2);
const client = createClient(url, key, { accessToken: async () => token });
const channel: PeerChannel = {
  send: (message) => process.send?.(message),
  receive: (listener) => process.on("message", listener),
};
runPeer(() => cloud({ client, store, pollInterval: 50 }), channel);
