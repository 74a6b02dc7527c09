import type { StorageAdapter } from "../spi/index.js";

/** Those that have a storage, from before their `open` until their `close` is over: an adapter is promised that it is opened once. */
export const openAdapters = new WeakSet<StorageAdapter>();
