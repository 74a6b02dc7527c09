export { type CloudAdapter, cloud } from "./cloud.js";
export type { CloudClient } from "./cloud-client.js";
export type { CloudOptions } from "./options.js";
