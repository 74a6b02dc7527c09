import type { AllNotes, NoteToAdd } from "./messages.ts";

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
const form = document.querySelector("form");
const list = document.querySelector("ul");

worker.addEventListener("message", ({ data: notes }: MessageEvent<AllNotes>) => {
  list?.replaceChildren(...notes.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
});

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  worker.postMessage({ text: String(new FormData(form).get("text")) } satisfies NoteToAdd);
  form.reset();
});
