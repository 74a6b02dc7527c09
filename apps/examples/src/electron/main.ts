// The main process has the disk, so the store is here; windows ask for it by messages.
import { join } from "node:path";
import { app, BrowserWindow, ipcMain } from "electron";
import { createStorage } from "holdfast";

await app.whenReady();
const storage = await createStorage({ platform: "auto", name: "holdfast-example-electron" });

ipcMain.handle("notes:add", async (_event, text: unknown) => {
  if (typeof text !== "string") throw new TypeError("a note is a text");
  await storage.save(`notes/${Date.now()}`, { text }, { metadata: { text } });
});

ipcMain.handle("notes:list", async () => {
  const notes = await storage.list("notes/");
  return notes.map(({ metadata }) => String(metadata["text"]));
});

const window = new BrowserWindow({ webPreferences: { preload: join(import.meta.dirname, "preload.js") } });
await storage.watch("notes/", () => window.webContents.send("notes:changed"));
await window.loadFile(join(import.meta.dirname, "index.html"));

let closed = false;
app.on("before-quit", (event) => {
  if (closed) return;
  // Once everything that was acknowledged is in its file.
  event.preventDefault();
  closed = true;
  void storage.close().finally(() => app.quit());
});
