import { CLOUD_BY_ITSELF, CLOUD_BY_SUPABASE, CONFORMANCE, CORE } from "./shared-samples.ts";

/** What is tried with a package in Node, where importing it is not enough: prints "kept". */
export const SAMPLES: Readonly<Record<string, string>> = {
  "@holdfast/core": printed(CORE),
  "@holdfast/cloud": printed(CLOUD_BY_SUPABASE),
  "@holdfast/conformance": printed(CONFORMANCE),
  "@holdfast/memory": onAdapter(`import { memory } from "@holdfast/memory";`, "memory()"),
  "@holdfast/sqlite": onAdapter(`import { sqlite } from "@holdfast/sqlite";`, `sqlite({ path: "./app.db" })`),
  "@holdfast/filesystem": onAdapter(
    `import { filesystem } from "@holdfast/filesystem";`,
    `filesystem({ root: "./data" })`,
  ),
  // Where there is no IndexedDB it says so.
  "@holdfast/indexeddb": `
    import { openStorage } from "@holdfast/core";
    import { indexeddb } from "@holdfast/indexeddb";
    const outcome = await openStorage(indexeddb({ name: "my-app" })).catch(({ code }) => code);
    console.log(outcome === "UNSUPPORTED" ? "kept" : outcome);`,
  "@holdfast/keychain": `
    import { passphraseKeys } from "@holdfast/keychain";
    import { fileSecrets } from "@holdfast/keychain/node";
    const passphrase = async () => "correct horse battery staple";
    const load = () => passphraseKeys({ passphrase, secrets: fileSecrets({ directory: "./keys" }) }).load();
    const { active } = await load();
    console.log((await load()).active === active ? "kept" : "another key");`,
  holdfast: `
    import { createStorage } from "holdfast";
    const storage = await createStorage({ platform: "test", name: "my-app" });
    ${use("storage")}`,
};

/** What is tried in a browser with a package alone: scripts that offer `tryStorage`, which resolves to "kept". */
export interface BrowserSample {
  readonly bundled: string;
  /** In a page without any tool. */
  readonly plain: string;
}

export const BROWSER_SAMPLES: Readonly<Record<string, BrowserSample>> = {
  "@holdfast/core": alike(offered(CORE)),
  "@holdfast/cloud": { bundled: offered(CLOUD_BY_SUPABASE), plain: offered(CLOUD_BY_ITSELF) },
  "@holdfast/conformance": alike(offered(CONFORMANCE)),
  "@holdfast/keychain": alike(`
    import { browserKeys, browserSecrets, passphraseKeys } from "@holdfast/keychain";
    const unseen = () => browserKeys({ name: "my-app" });
    const sealed = () => passphraseKeys({ passphrase: "correct horse", secrets: browserSecrets({ name: "my-app" }) });
    globalThis.tryStorage = async () => {
      const kept = [];
      for (const provider of [unseen, sealed]) {
        const { active } = await provider().load();
        kept.push((await provider().load()).active === active);
      }
      return kept.includes(false) ? kept : "kept";
    };`),
};

/** What is tried in a browser with `holdfast`: a page's script that offers `tryStorage`, with what it loads later. */
export const IN_A_BROWSER = `
  import { createStorage } from "holdfast";
  globalThis.tryStorage = async () => {
    const storage = await createStorage({ platform: "auto", name: "my-app" });
    await storage.save("notes/first", { title: "Hello" });
    await storage.save("settings", { theme: "dark" }, { format: "yaml" });
    const found = await storage.search({ text: "fir" });
    const { details } = await storage.getInfo();
    const settings = await afterOneFailure(() => storage.load("settings"));
    await storage.close();
    const other = await createStorage("memory:");
    await other.close();
    return { chosen: details.chosen, found: found.map(({ key }) => key), settings };
  };
  // As a browser fails whose disk is busy.
  function afterOneFailure(call) {
    const { transaction } = IDBDatabase.prototype;
    IDBDatabase.prototype.transaction = () => {
      IDBDatabase.prototype.transaction = transaction;
      throw new DOMException("Internal error", "UnknownError");
    };
    return call();
  }
`;

export const FOUND_IN_A_BROWSER: object = {
  chosen: "indexeddb",
  found: ["notes/first"],
  settings: { theme: "dark" },
};

/** An adapter's package brings core along, which is what opens it. */
function onAdapter(imports: string, adapter: string): string {
  return `
    import { openStorage } from "@holdfast/core";
    ${imports}
    const storage = await openStorage(${adapter});
    ${use("storage")}`;
}

function use(storage: string): string {
  return `
    await ${storage}.save("notes/first", { title: "Hello" }, { tags: ["draft"] });
    const [found] = await ${storage}.search({ text: "fir", tags: ["draft"] });
    const value = await ${storage}.load(found.key);
    await ${storage}.close();
    console.log(value.title === "Hello" ? "kept" : value);`;
}

function printed(sample: string): string {
  return `${sample}\nconsole.log(await tryIt());`;
}

function offered(sample: string): string {
  return `${sample}\nglobalThis.tryStorage = tryIt;`;
}

function alike(sample: string): BrowserSample {
  return { bundled: sample, plain: sample };
}
