import { CORE, PAGE } from "./apps.ts";
import { eagerPart } from "./eager-part.ts";

for (const [name, app] of Object.entries({ "core and indexeddb": PAGE, "core alone": CORE })) {
  const { code, gzipped, modules } = await eagerPart(app);
  console.log(`${name}: ${gzipped} bytes by gzip, ${code.length} minified, before minification:`);
  for (const { file, bytes } of modules) console.log(`${String(bytes).padStart(8)}  ${file}`);
}
