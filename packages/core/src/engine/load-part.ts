import { StorageError } from "../errors.js";

/**
 * For a part of a package that is loaded outside of any operation, as while a store opens: what cannot be loaded is INTERNAL, as
 * inside of one. In a service worker, to which browsers refuse `import()`, it is UNSUPPORTED and says what to do.
 *
 * @example
 * const { Writer } = await loadPart(() => import("./writer.js"), "@acme/holdfast");
 */
export async function loadPart<T>(load: () => Promise<T>, packageName = "@holdfast/core"): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    if (StorageError.is(cause)) throw cause;
    // One that is bundled into one script loads nothing, so it never comes here.
    const advice = "ServiceWorkerGlobalScope" in globalThis ? ": bundle this service worker into one script" : "";
    throw new StorageError(
      advice ? "UNSUPPORTED" : "INTERNAL",
      `a part of ${packageName} could not be loaded${advice} (${String(cause)})`,
      { cause },
    );
  }
}
