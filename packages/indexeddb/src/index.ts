export { type IndexedDbAdapter, indexeddb } from "./indexeddb.js";
export type { EvictionCandidate, IndexedDbOptions } from "./options.js";
export type { SpaceEstimate } from "./space.js";
