export { askServiceWorker } from "./ask-service-worker.ts";
export type {} from "./commands.ts";
export { launchBrowser } from "./launch.ts";
export { browserTests } from "./preset.ts";
export { type FileServer, serveFiles } from "./serve-files.ts";
export { pageWithoutBundler, servedPackages } from "./without-a-bundler.ts";
