// What a window may do, and no more.
import { contextBridge, ipcRenderer } from "electron";
import type { Notes } from "./notes.ts";

const notes: Notes = {
  add: (text) => ipcRenderer.invoke("notes:add", text),
  list: () => ipcRenderer.invoke("notes:list"),
  onChange: (listener) => void ipcRenderer.on("notes:changed", () => listener()),
};

contextBridge.exposeInMainWorld("notes", notes);
