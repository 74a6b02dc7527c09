export { type MemoryOptions, memory } from "./memory.js";
export { createMemoryStore, type MemoryStore } from "./memory-store.js";
