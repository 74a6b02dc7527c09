// node killed-process.ts FOLDER VARIANT [CALL before|after]: migrates, and kills itself around that call of an adapter, the first being 1.
import { createMigrator } from "@holdfast/core";
import { type Around, openStores, type Variant } from "./stores.ts";

const [folder = "", variant = "empty", call = "0", when = "before"] = process.argv.slice(2);
const last = Number(call);
let calls = 0;

const around: Around = async (work) => {
  const isLast = ++calls === last;
  if (isLast && when === "before") await die();
  const answer = await work();
  if (isLast) await die();
  return answer;
};

function die(): Promise<never> {
  process.kill(process.pid, "SIGKILL");
  // The signal may take a moment.
  return new Promise(() => undefined);
}

await using stores = await openStores(folder, variant as Variant, around);
process.stdout.write("open\n");
await createMigrator(stores.source, stores.destination).migrate(stores.options);
process.stdout.write(`${calls}\n`);
