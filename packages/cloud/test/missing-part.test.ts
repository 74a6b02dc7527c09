import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";

/** What is told in a thread where a package that a part of the adapter needs does not load, as nothing does where `import()` is refused. */
async function told(inServiceWorker: boolean): Promise<unknown> {
  const code = `
    import { registerHooks } from "node:module";
    import { parentPort, workerData } from "node:worker_threads";
    registerHooks({
      resolve(specifier, context, next) {
        if (specifier === "@supabase/supabase-js") throw new TypeError("import() is disallowed");
        return next(specifier, context);
      },
    });
    const { createStorage, register } = await import(workerData.holdfast);
    const { supabaseEntry } = await import(workerData.cloud);
    register("supabase", supabaseEntry);
    if (workerData.inServiceWorker) globalThis.ServiceWorkerGlobalScope = class {};
    const choice = { type: "supabase", url: "https://my-project.supabase.co", key: "sb_publishable_a" };
    const tell = ({ code, message }) => code + " " + message;
    parentPort.postMessage(await createStorage(choice).then(() => "opened", tell));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: {
      holdfast: import.meta.resolve("holdfast"),
      cloud: import.meta.resolve("@holdfast/cloud"),
      inServiceWorker,
    },
  });
  try {
    const [answer] = await once(worker, "message");
    return answer;
  } finally {
    await worker.terminate();
  }
}

it("names the package of which a part could not be loaded", async () => {
  expect(await told(false)).toMatch(/^INTERNAL a part of @holdfast\/cloud could not be loaded \(.*disallowed/);
});

it("says to a service worker, which may load no parts, that it has to be in one script", async () => {
  expect(await told(true)).toMatch(/^UNSUPPORTED a part of @holdfast\/cloud .*: bundle this service worker into one/);
});
