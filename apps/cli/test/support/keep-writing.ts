// An app at work on a store: saves one item after the other, and holds the store open until its stdin ends.
import { openStore } from "holdfast";

const [url = "", count = "0"] = process.argv.slice(2);
const storage = await openStore(url);
for (let n = 1; n <= Number(count); n++) {
  await storage.save(`live/${n}`, n);
  process.stdout.write(`${n}\n`);
  await new Promise((resolve) => setTimeout(resolve, 70));
}
for await (const _ of process.stdin);
await storage.close();
