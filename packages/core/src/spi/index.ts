export * from "./check-write.js";
export * from "./conceals.js";
export * from "./open-once.js";
export * from "./outcomes.js";
export * from "./records.js";
export * from "./storage-adapter.js";
