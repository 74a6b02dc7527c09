export type { FileSystemPort } from "./port/file-system-port.js";
