import { platform } from "#platform";
import type { StorageEngine } from "../contract/storage-engine.js";
import { StorageError } from "../errors.js";
import type { Random } from "../ports.js";
import { termsOf } from "../query/terms.js";
import { TOKENIZER_VERSION } from "../query/tokenizer.js";
import { type AdapterContext, SPI_VERSION, type StorageAdapter } from "../spi/index.js";
import { toStorageError } from "./failure.js";
import { loadPart } from "./load-part.js";
import type { Observation } from "./observation.js";
import { openAdapters } from "./open-adapters.js";
import { Session } from "./session.js";
import { type CompleteEncryption, type CompleteSettings, DEFAULT_SETTINGS, type StorageSettings } from "./settings.js";
import { Storage } from "./storage.js";
import type { Vault } from "./vault.js";

/**
 * Opens a backend. An adapter serves one storage at a time, and may be opened again once that is closed.
 *
 * @example
 * const storage = await openStorage(sqlite({ path: "./app.db" }));
 * await storage.save("notes/first", { text: "hello" }, { tags: ["draft"] });
 *
 * @throws INVALID_OPTION for wrong settings, something that is no adapter or an adapter that is open already, UNSUPPORTED for an
 * adapter made for another version of core or one that cannot keep the history asked for, what the provider of keys says, and what the
 * adapter's own `open` says: CORRUPT, LOCKED, UNAVAILABLE and so on.
 */
export async function openStorage(adapter: StorageAdapter, settings?: StorageSettings): Promise<StorageEngine> {
  const complete = settings === undefined ? DEFAULT_SETTINGS : await completed(settings);
  checkAdapter(adapter);
  const { ports, history } = complete;
  if (history && adapter.history === undefined) {
    throw new StorageError("UNSUPPORTED", `${adapter.name} keeps no history: leave the setting "history" out`, {
      adapter: adapter.name,
    });
  }
  const vault = complete.encryption === undefined ? undefined : await openVault(complete.encryption, ports.random);
  const carry: AdapterContext["carry"] = async (record, header) => {
    // What is plain asks for no part that may be out of reach just then.
    const { encryption } = record.header;
    if (encryption === undefined) return { header, body: record.body };
    const { carryRecord } = await loadPart(() => import("./carry-encrypted.js"));
    return carryRecord(vault, record, encryption, header);
  };
  const context = { ports, tokenizerVersion: TOKENIZER_VERSION, termsOf, history, carry };
  const observation = await startObservation(adapter.name, complete);
  if (openAdapters.has(adapter)) {
    throw new StorageError("INVALID_OPTION", "this adapter is open already: make another", {
      adapter: adapter.name,
    });
  }
  openAdapters.add(adapter);
  const loading = loadPart(() => import("./writing.js"));
  // What became of it is asked for below, once the adapter is open.
  loading.catch(() => undefined);
  try {
    const state = await adapter.open(context);
    try {
      const writing = await loading;
      const session = new Session(adapter, complete, state, new writing.WriteTurns(), observation, vault);
      return new Storage(session, writing, "");
    } catch (error) {
      // What went wrong first is what the caller has to know, whatever else does.
      await Promise.allSettled([(async () => adapter.close())()]);
      throw error;
    }
  } catch (error) {
    openAdapters.delete(adapter);
    throw toStorageError(error, { name: "open" }, adapter);
  }
}

// Loaded only where there are settings to check, keys to encrypt with, or somebody to tell of operations.

async function completed(settings: StorageSettings): Promise<CompleteSettings> {
  const { completeSettings } = await loadPart(() => import("./complete-settings.js"));
  return completeSettings(settings);
}

async function openVault(settings: CompleteEncryption, random: Random): Promise<Vault> {
  const { openVault: open } = await loadPart(() => import("../encryption/open-vault.js"));
  return open(settings, random);
}

async function startObservation(adapter: string, settings: CompleteSettings): Promise<Observation | undefined> {
  const channel = platform.operationChannel();
  if (channel === undefined && settings.onOperation === undefined && !settings.metrics) return undefined;
  const since = settings.ports.clock.now();
  const { Observation } = await loadPart(() => import("./observation.js"));
  const metrics = settings.metrics
    ? new (await loadPart(() => import("./metrics.js"))).Metrics(adapter, since)
    : undefined;
  return new Observation(adapter, settings, metrics, channel);
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
