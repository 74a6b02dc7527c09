// What the tutorial's reader has beside the file that opens it.
export { level } from "../../../apps/examples/src/adapter/level.ts";
