/** What is tried with a package in Node, where importing it is not enough: prints "kept". */
export const SAMPLES: Readonly<Record<string, string>> = {
  "@holdfast/memory": onAdapter(`import { memory } from "@holdfast/memory";`, "memory()"),
  "@holdfast/sqlite": onAdapter(`import { sqlite } from "@holdfast/sqlite";`, `sqlite({ path: "./app.db" })`),
  "@holdfast/filesystem": onAdapter(
    `import { filesystem } from "@holdfast/filesystem";`,
    `filesystem({ root: "./data" })`,
  ),
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

/** What is tried in a browser: a page's script that offers `tryStorage`, with what it loads later. */
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
