export * from "@holdfast/core";
export type { AdapterEntry, FileStoreOptions, SqliteStoreOptions } from "./adapter-entry.js";
export { type AdapterRegistry, type AdapterStatus, listAdapters, register } from "./adapter-registry.js";
export { createStorage, type StorageChoice } from "./create-storage.js";
export { openStore, storeExists } from "./open-store.js";
export { formatStoreUrl, parseStoreUrl, type StoreUrl } from "./store-url.js";
