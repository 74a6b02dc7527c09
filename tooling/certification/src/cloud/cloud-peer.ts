// Another process of the suite: the project's address and key, the user's access token and the name of the store are its arguments.
import { cloud } from "@holdfast/cloud";
import { runPeer } from "@holdfast/conformance";
import { parentChannel } from "@holdfast/conformance/node";
import { createClient } from "@supabase/supabase-js";

const [url = "", key = "", token = "", store = ""] = process.argv.slice(2);
const client = createClient(url, key, { accessToken: async () => token });
runPeer(() => cloud({ client, store, pollInterval: 50 }), parentChannel());
