// `node build.ts FOLDER` compiles the app for Electron: `electron FOLDER/main.js` starts it.
import { fileURLToPath } from "node:url";
import { build, type InlineConfig } from "vite";

/** Main process, preload script and window, each as Electron loads it. Packages of the main process are not bundled: some have native parts. */
export async function buildElectronApp(folder: string): Promise<void> {
  const common: InlineConfig = { root: import.meta.dirname, configFile: false, logLevel: "error" };
  const output = { outDir: folder, emptyOutDir: false, target: "es2023" };
  await build({ ...common, base: "./", build: output });
  await build({ ...common, ssr: { external: true }, build: { ...output, ssr: "main.ts" } });
  // A preload script in a sandbox is no module.
  const preload = { entry: "preload.ts", formats: ["cjs" as const], fileName: () => "preload.js" };
  await build({ ...common, build: { ...output, lib: preload, rolldownOptions: { external: ["electron"] } } });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder] = process.argv;
  if (folder === undefined) throw new Error("usage: node build.ts FOLDER");
  await buildElectronApp(folder);
}
