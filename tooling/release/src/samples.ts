import { CLOUD_BY_ITSELF, CLOUD_BY_SUPABASE, CONFORMANCE, CORE } from "./shared-samples.ts";

/** What is tried with a package in Node, where importing it is not enough: prints "kept". */
export const IN_NODE: Readonly<Record<string, string>> = {
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

/** What is tried in a browser: modules with a function `tryIt`, which resolves to "kept" where all is well. */
export interface BrowserSample {
  readonly bundled: string;
  /** In a page without any tool. */
  readonly plain: string;
}

export const IN_A_BROWSER: Readonly<Record<string, BrowserSample>> = {
  "@holdfast/core": alike(CORE),
  "@holdfast/cloud": { bundled: CLOUD_BY_SUPABASE, plain: CLOUD_BY_ITSELF },
  "@holdfast/conformance": alike(CONFORMANCE),
  "@holdfast/keychain": alike(`
    import { browserKeys, browserSecrets, passphraseKeys } from "@holdfast/keychain";
    const unseen = () => browserKeys({ name: "my-app" });
    const sealed = () => passphraseKeys({ passphrase: "correct horse", secrets: browserSecrets({ name: "my-app" }) });
    async function tryIt() {
      const kept = [];
      for (const provider of [unseen, sealed]) {
        const { active } = await provider().load();
        kept.push((await provider().load()).active === active);
      }
      return kept.includes(false) ? kept : "kept";
    }`),
  holdfast: alike(`
    import { createStorage } from "holdfast";
    async function tryIt() {
      const storage = await createStorage({ platform: "auto", name: "my-app" });
      await storage.save("notes/first", { title: "Hello" });
      const [found] = await storage.search({ text: "fir" });
      const { chosen } = (await storage.getInfo()).details;
      await storage.close();
      return found?.key === "notes/first" && chosen === "indexeddb" ? "kept" : { found, chosen };
    }`),
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

function alike(sample: string): BrowserSample {
  return { bundled: sample, plain: sample };
}
