// A notebook in a page. It follows what other tabs write.
import { createStorage } from "holdfast";

const opening = createStorage({ platform: "auto", name: "holdfast-example-notes" });
const form = document.querySelector("form");
const list = document.querySelector("ul");

// Listens before the store is open: the browser would send the form, and load the page anew.
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = String(new FormData(form).get("text"));
  form.reset();
  const storage = await opening;
  await storage.save(`notes/${Date.now()}`, { text }, { metadata: { text } });
});

const storage = await opening;
await storage.watch("notes/", () => void show());
await show();

async function show(): Promise<void> {
  const notes = await storage.list("notes/");
  list?.replaceChildren(
    ...notes.map(({ metadata }) =>
      Object.assign(document.createElement("li"), { textContent: String(metadata["text"]) }),
    ),
  );
}
