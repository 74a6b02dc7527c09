// Another worker of the suite, on the database that its name names.
import { runPeer } from "@holdfast/conformance";
import { indexeddb } from "@holdfast/indexeddb";

runPeer(() => indexeddb({ name: self.name }), {
  send: (message) => self.postMessage(message),
  receive: (listener) => self.addEventListener("message", ({ data }) => listener(data)),
});
