// A notebook for the terminal: `node notes.ts add "Buy milk"` adds a note, `node notes.ts milk` finds it, without words it lists all.
import { createStorage } from "holdfast";

const storage = await createStorage({ platform: "auto", name: "holdfast-example-notes" });
const [command, ...words] = process.argv.slice(2);

if (command === "add") {
  const text = words.join(" ");
  await storage.save(`notes/${Date.now()}`, { text }, { metadata: { text } });
  console.log("added");
} else {
  const found = await storage.search({ prefix: "notes/", ...(command === undefined ? {} : { text: command }) });
  for (const { metadata, created } of found) console.log(created.toISOString().slice(0, 10), metadata["text"]);
}

await storage.close();
