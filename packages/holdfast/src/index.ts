export * from "@holdfast/core";
export type { AdapterEntry, FileStoreOptions, SqliteDriver, SqliteStoreOptions } from "./adapter-entry.js";
export { type AdapterRegistry, type AdapterStatus, listAdapters, register } from "./adapter-registry.js";
export type {
  ChoiceByType,
  FallbackChoice,
  NamedChoice,
  PlatformChoice,
  StorageChoice,
  StoreChoice,
} from "./choose.js";
export { createStorage } from "./create-storage.js";
export type { Platform } from "./detect-platform.js";
export { fallbackAdapter } from "./fallbacks/fallback-adapter.js";
export type { FallbackEvent, FallbackMode, FallbackOptions, FallbackRetryPolicy } from "./fallbacks/options.js";
export { openStore, storeExists } from "./open-store.js";
export type { AppOfChoice } from "./remember-choice.js";
export { formatStoreUrl, parseStoreUrl, type StoreUrl } from "./store-url.js";
