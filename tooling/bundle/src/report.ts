import { CORE, OPENED, PAGE } from "./apps.ts";
import { eagerPart } from "./eager-part.ts";

for (const [name, app] of Object.entries({
  "core and indexeddb": PAGE,
  "core alone": CORE,
  "core and indexeddb, with what is loaded while a store opens": OPENED,
})) {
  const { code, gzipped, modules } = await eagerPart(app);
  console.log(`${name}: ${gzipped} bytes by gzip, ${code.length} minified, before minification:`);
  for (const { file, bytes } of modules) console.log(`${String(bytes).padStart(8)}  ${file}`);
}
