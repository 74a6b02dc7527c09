export { filesystem } from "./filesystem-adapter.js";
export { type Locations, locations } from "./locations.js";
export type { CacheLimits, FilesystemOptions, ScanProgress } from "./options.js";
