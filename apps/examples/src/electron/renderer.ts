import type { Notes } from "./notes.ts";

const { notes } = globalThis as unknown as { readonly notes: Notes };
const form = document.querySelector("form");
const list = document.querySelector("ul");

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  void notes.add(String(new FormData(form).get("text")));
  form.reset();
});

async function show(): Promise<void> {
  const texts = await notes.list();
  list?.replaceChildren(...texts.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

notes.onChange(() => void show());
await show();
