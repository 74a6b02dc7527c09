export { filesystem } from "./filesystem-adapter.js";
export { type Locations, locations, type Machine } from "./locations.js";
export type { CacheLimits, FilesystemOptions, ScanProgress } from "./options.js";
