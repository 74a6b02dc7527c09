import { openStorage, type StorageEngine, type StorageSettings } from "@holdfast/core";
import { warn } from "#platform";
import { choose, type StorageChoice } from "./choose.js";
import { rememberChoice } from "./remember-choice.js";

/**
 * Opens storage on the backend that fits the platform, or that you choose.
 *
 * With an app's `name` the place of its data is recorded, and a later start that would open another one, where the data would seem
 * gone, stops and says how to move it.
 *
 * @example
 * await createStorage({ platform: "auto", name: "my-app" });
 * await createStorage("sqlite:./app.db");
 * await createStorage({ type: "sqlite", path: "./app.db", durability: "process" });
 * await createStorage({ adapter: myAdapter() }, { compress: true });
 * await createStorage({ primary: { adapter: remote }, fallbacks: ["sqlite:./offline.db"] });
 *
 * @throws INVALID_OPTION, also where the app's data is elsewhere; UNSUPPORTED when the adapter's package is not installed; and
 * what opening throws.
 */
export async function createStorage(choice: StorageChoice, settings?: StorageSettings): Promise<StorageEngine> {
  const { adapter, location, app, details } = await choose(choice);
  const remembering = app && (await rememberChoice(app, location));
  const storage = await openStorage(adapter, settings);
  try {
    await remembering?.record();
  } catch (error) {
    await storage.close();
    throw error;
  }
  if (details["platform"] === "none") {
    warn(`holdfast: everything is kept in memory and gone when this ends, because ${details["because"]}`);
  }
  const place = remembering?.place;
  return explained(storage, place === undefined ? details : { ...details, recorded: place });
}

/** Has `getInfo` say what was chosen and why, in namespaces too. */
function explained(storage: StorageEngine, details: Readonly<Record<string, string>>): StorageEngine {
  const getInfo = storage.getInfo.bind(storage);
  const namespace = storage.namespace.bind(storage);
  return Object.assign(storage, {
    getInfo: async (...given) => {
      const info = await getInfo(...given);
      return { ...info, details: { ...info.details, ...details } };
    },
    namespace: (...given) => explained(namespace(...given), details),
  } satisfies Partial<StorageEngine>);
}
