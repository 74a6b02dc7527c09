export { type ForeignDatabase, readIdbKeyval, readLocalForage } from "./foreign-databases.js";
export { type IndexedDbAdapter, indexeddb } from "./indexeddb.js";
export type { EvictionCandidate, IndexedDbOptions } from "./options.js";
export type { SpaceEstimate } from "./space-estimate.js";
