import { cloud, MIGRATIONS } from "@holdfast/cloud";
import { readSqlFiles, startSupabase } from "@holdfast/supabase";
import { openStorage, type StorageEngine, type StorageSettings } from "holdfast";

/** A store of a user who has just signed up, in a Supabase that is started for it. Closing it ends the server, and all is gone. */
export async function openInCloud(settings?: StorageSettings): Promise<StorageEngine> {
  const [first = ""] = MIGRATIONS;
  const folder = new URL(".", import.meta.resolve(`@holdfast/cloud/supabase/migrations/${first}.sql`));
  const server = await startSupabase({ schema: readSqlFiles(folder), database: "pglite" });
  try {
    const { client } = await server.signUp();
    const storage = await openStorage(cloud({ client, store: "demo" }), settings);
    const close = storage.close.bind(storage);
    return Object.assign(storage, {
      async close() {
        await close();
        await server.stop();
      },
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
}
