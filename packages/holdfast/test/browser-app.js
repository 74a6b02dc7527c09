import { openStore } from "holdfast";

/** What bundle.test.ts bundles and runs. */
export async function tryStore(url) {
  try {
    await (await openStore(url)).close();
    return "opened";
  } catch (error) {
    return `${error.code} ${error.message}`;
  }
}
