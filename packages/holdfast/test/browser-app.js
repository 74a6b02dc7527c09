import { createStorage, openStore, storeExists } from "holdfast";

/** What bundle.test.ts bundles and runs. */
export async function tryStore(url) {
  try {
    await (await openStore(url)).close();
    return "opened";
  } catch (error) {
    return `${error.code} ${error.message}`;
  }
}

export async function tryExists(url) {
  try {
    return await storeExists(url);
  } catch (error) {
    return `${error.code} ${error.message}`;
  }
}

/** What is chosen for an app of this name, whether it keeps what is saved, and why. */
export async function tryPlatform(choice) {
  try {
    const storage = await createStorage(choice);
    await storage.save("a", { b: 1 });
    const value = await storage.load("a");
    const { details } = await storage.getInfo();
    await storage.close();
    return { value, chosen: details.chosen, because: details.because, platform: details.platform };
  } catch (error) {
    return `${error.code} ${error.message}`;
  }
}
