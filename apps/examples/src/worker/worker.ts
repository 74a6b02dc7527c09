// The store is here, so that nothing that it does holds up the page.
import { createStorage } from "holdfast";
import type { AllNotes, NoteToAdd } from "./messages.ts";

const opening = createStorage({ platform: "auto", name: "holdfast-example-worker" });

self.addEventListener("message", async ({ data: { text } }: MessageEvent<NoteToAdd>) => {
  const storage = await opening;
  await storage.save(`notes/${Date.now()}`, { text }, { metadata: { text } });
});

const storage = await opening;
await storage.watch("notes/", () => void tell());
await tell();

async function tell(): Promise<void> {
  const notes = await storage.list("notes/");
  self.postMessage(notes.map(({ metadata }) => String(metadata["text"])) satisfies AllNotes);
}
