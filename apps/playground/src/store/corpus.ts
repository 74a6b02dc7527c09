import type { JsonObject, StorageEngine } from "@holdfast/core";
import type { TaskTools } from "./task.ts";

/** As build/corpus.ts writes it. */
interface FetchedItem {
  readonly key: string;
  readonly data?: unknown;
  readonly bytes?: string;
  readonly tags: readonly string[];
  readonly metadata: JsonObject;
}

// Saves that are made together are committed together.
const TOGETHER = 50;

/** Fetches the demo's corpus and saves it. Resolves to how many items that were. */
export async function importCorpus(storage: StorageEngine, { signal, tell }: TaskTools): Promise<number> {
  const items = await fetchCorpus(signal);
  for (let done = 0; done < items.length; done += TOGETHER) {
    tell(done, items.length);
    await Promise.all(
      items.slice(done, done + TOGETHER).map(({ key, data, bytes, tags, metadata }) =>
        storage.save(key, bytes === undefined ? data : new TextEncoder().encode(bytes), {
          tags: [...tags],
          metadata,
          signal,
        }),
      ),
    );
  }
  tell(items.length, items.length);
  return items.length;
}

async function fetchCorpus(signal: AbortSignal): Promise<readonly FetchedItem[]> {
  const fail = (error: unknown): never => {
    if (signal.aborted) throw error;
    throw new Error("the sample data could not be fetched. Go online once; afterwards it is kept.", { cause: error });
  };
  const response = await fetch("./corpus.json", { signal }).catch(fail);
  if (!response.ok) throw new Error(`the sample data is not there (${response.status})`);
  // The network may also go in the middle of it.
  return response.json().catch(fail);
}
