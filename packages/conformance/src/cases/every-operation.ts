import type { StorageEngine } from "@holdfast/core";
import { collect, inPieces } from "../collect.js";

type Call = (signal: AbortSignal | undefined) => Promise<unknown>;

/** Every operation of the contract, each in a form that would change or show the item `k`. */
export function everyOperation(storage: StorageEngine): readonly (readonly [name: string, call: Call])[] {
  return [...signalledOperations(storage), ["watch", () => storage.watch("", () => undefined)]];
}

/** Those that take a signal and that the backend can do: the others are refused before a signal can fire. */
export function supportedOperations(storage: StorageEngine): readonly (readonly [name: string, call: Call])[] {
  const { batch, changes, history } = storage.getCapabilities().effective;
  return signalledOperations(storage).filter(([name]) => {
    if (name === "batch") return batch === "atomic";
    if (name === "changes") return changes !== "none";
    return history !== "none" || !NEEDS_HISTORY.includes(name);
  });
}

const NEEDS_HISTORY = ["history", "load of a version", "loadStream of a version", "restore", "diff"];

/** Those that take a signal. */
export function signalledOperations(storage: StorageEngine): readonly (readonly [name: string, call: Call])[] {
  return [
    ["save", (signal) => storage.save("k", "changed", { signal })],
    ["load", (signal) => storage.load("k", { signal })],
    ["stat", (signal) => storage.stat("k", { signal })],
    ["exists", (signal) => storage.exists("k", { signal })],
    ["delete", (signal) => storage.delete("k", { signal })],
    ["list", (signal) => storage.list("", { signal })],
    ["scan", (signal) => collect(storage.scan("", { signal }))],
    ["search", (signal) => storage.search({ text: "k", signal })],
    ["count", (signal) => storage.count({ signal })],
    ["update", (signal) => storage.update("k", () => "changed", { signal })],
    ["batch", (signal) => storage.batch([{ type: "delete", key: "k" }], { signal })],
    ["saveStream", (signal) => storage.saveStream("k", inPieces(new Uint8Array(9), 2), { signal })],
    ["loadStream", (signal) => storage.loadStream("k", { signal })],
    ["changes", (signal) => collect(storage.changes(undefined, { signal }))],
    ["history", (signal) => storage.history("k", { signal })],
    ["load of a version", (signal) => storage.load("k", { version: "1", signal })],
    ["loadStream of a version", (signal) => storage.loadStream("k", { version: "1", signal })],
    ["restore", (signal) => storage.restore("k", "1", { signal })],
    ["diff", (signal) => storage.diff("k", "1", undefined, { signal })],
    ["verify", (signal) => storage.verify("", { signal })],
    ["repair", (signal) => storage.repair({ signal })],
    ["sweep", (signal) => storage.sweep({ signal })],
    ["flush", (signal) => storage.flush({ signal })],
    ["compact", (signal) => storage.compact({ signal })],
    ["getInfo", (signal) => storage.getInfo({ signal })],
  ];
}
