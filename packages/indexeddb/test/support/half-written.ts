// A tab that writes a stream of 4 MiB: three, then it waits to be told to finish. Its address says into which database.
import { openStorage } from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";

const MiB = 2 ** 20;
const name = decodeURIComponent(location.hash.slice(1));
const channel = new BroadcastChannel(`half:${name}`);
const finish = new Promise((resolve) => channel.addEventListener("message", resolve));
const storage = await openStorage(indexeddb({ name }));

async function* source(): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < 3; index++) yield new Uint8Array(MiB).fill(index);
  // What was yielded is asked for more only once it is stored; a little is held back until the next piece.
  yield new Uint8Array(MiB / 2);
  channel.postMessage("half written");
  await finish;
  yield new Uint8Array(MiB / 2);
}

await storage.saveStream("a", source(), { compress: false });
channel.postMessage("done");
