import { ClassicLevel } from "classic-level";
import type { Note } from "../data/documents.ts";
import type { Store } from "./store.ts";

export async function openClassicLevel(directory: string, durability: "media" | "process"): Promise<Store> {
  const level = new ClassicLevel<string, Note>(directory, { valueEncoding: "json" });
  await level.open();
  const sync = durability === "media";
  return {
    id: "classic-level",
    name: "classic-level",
    durability,
    note: sync
      ? "`put` with `sync: true`: LevelDB calls fdatasync on its log before it answers; writes that wait share one call"
      : "`put` as it comes: LevelDB hands its log to the system and does not wait",
    save: ({ key, data }) => level.put(key, data, { sync }),
    load: (key) => level.get(key),
    list: (prefix, limit) => level.iterator({ gte: prefix, lt: `${prefix}\u{10ffff}`, limit }).all(),
    fill: (documents) => level.batch(documents.map(({ key, data }) => ({ type: "put", key, value: data }))),
    close: () => level.close(),
  };
}
