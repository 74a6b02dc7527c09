export { filesystem } from "./filesystem-adapter.js";
export { type Locations, locations } from "./locations.js";
export type { FilesystemOptions, ScanProgress } from "./options.js";
