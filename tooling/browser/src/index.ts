export type {} from "./commands.ts";
export { type Browser, findBrowser } from "./find-browser.ts";
export { browserTests } from "./preset.ts";
