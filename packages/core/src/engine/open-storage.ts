import type { StorageEngine } from "../contract/storage-engine.js";
import { StorageError } from "../errors.js";
import { termsOf } from "../query/terms.js";
import { TOKENIZER_VERSION } from "../query/tokenizer.js";
import { SPI_VERSION, type StorageAdapter } from "../spi/index.js";
import { toStorageError } from "./failure.js";
import type { Metrics } from "./metrics.js";
import { Session } from "./session.js";
import { completeSettings, type StorageSettings } from "./settings.js";
import { Storage } from "./storage.js";

/**
 * Opens a backend.
 *
 * @example
 * const storage = await openStorage(sqlite({ path: "./app.db" }));
 * await storage.save("notes/first", { text: "hello" }, { tags: ["draft"] });
 *
 * @throws INVALID_OPTION for wrong settings or something that is no adapter, UNSUPPORTED for an adapter made for another
 * version of core or one that cannot keep the history asked for, and what the adapter's own `open` says: CORRUPT, LOCKED, UNAVAILABLE and so on.
 */
export async function openStorage(adapter: StorageAdapter, settings?: StorageSettings): Promise<StorageEngine> {
  const complete = completeSettings(settings);
  checkAdapter(adapter);
  const { ports, history } = complete;
  if (history && adapter.history === undefined) {
    throw new StorageError("UNSUPPORTED", `${adapter.name} keeps no history: leave the setting "history" out`, {
      adapter: adapter.name,
    });
  }
  const context = { ports, tokenizerVersion: TOKENIZER_VERSION, termsOf, history };
  const metrics = complete.metrics ? await startMetrics(adapter.name, complete.ports.clock.now()) : undefined;
  try {
    const state = await adapter.open(context);
    return new Storage(new Session(adapter, complete, state, metrics), "");
  } catch (error) {
    throw toStorageError(error, { name: "open" }, adapter);
  }
}

async function startMetrics(adapter: string, since: number): Promise<Metrics> {
  const { Metrics } = await import("./metrics.js");
  return new Metrics(adapter, since);
}

function checkAdapter(adapter: StorageAdapter): void {
  const candidate: unknown = adapter;
  if (typeof candidate !== "object" || candidate === null || !("spi" in candidate)) {
    throw new StorageError("INVALID_OPTION", "openStorage takes an adapter, such as memory() of @holdfast/memory");
  }
  const spi: number = adapter.spi;
  if (spi !== SPI_VERSION) {
    throw new StorageError(
      "UNSUPPORTED",
      `the adapter ${adapter.name} is made for interface ${spi}, this core for ${SPI_VERSION}: install versions of one release`,
      { adapter: adapter.name },
    );
  }
}
