import type { StorageEngine } from "@holdfast/core";
import type { TaskTools } from "./task.ts";

// In one batch, which is all or nothing.
const TOGETHER = 100;

/** With their history, which takes as much room. Resolves to how many items were deleted. */
export async function deleteEverything(storage: StorageEngine, { signal, tell }: TaskTools): Promise<number> {
  const keys: string[] = [];
  for await (const { key } of storage.scan("", { signal })) keys.push(key);
  for (let done = 0; done < keys.length; done += TOGETHER) {
    tell(done, keys.length);
    await storage.batch(
      keys.slice(done, done + TOGETHER).map((key) => ({ type: "delete", key })),
      { signal },
    );
  }
  // Drops what is kept of keys that do not stand.
  await storage.sweep({ signal });
  return keys.length;
}
