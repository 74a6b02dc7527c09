import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join, normalize, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A page that loads the compiled packages as they lie on the disk: an import map is all that it takes. */
export interface ModuleServer {
  readonly address: string;
  stop(): Promise<void>;
}

export async function startModuleServer(): Promise<ModuleServer> {
  const folders = packageFolders();
  const server = createServer((request, response) => {
    read(folders, request.url ?? "/").then(
      ({ type, body }) => response.writeHead(200, { "content-type": type }).end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const IMPORTS = {
  "@holdfast/core": "/core/index.js",
  "@holdfast/indexeddb": "/indexeddb/index.js",
  "#crypto": "/core/platform/web-crypto.js",
  "#platform": "/core/platform/web.js",
  "p-retry": "/p-retry/index.js",
  "is-network-error": "/is-network-error/index.js",
};

const PAGE = `<!doctype html>
<title>Holdfast</title>
<link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module" src="/demo/in-page.js"></script>`;

/** Where the modules of the first part of a path are. */
function packageFolders(): ReadonlyMap<string, string> {
  const core = dirname(fileURLToPath(import.meta.resolve("@holdfast/core")));
  const indexeddb = dirname(fileURLToPath(import.meta.resolve("@holdfast/indexeddb")));
  const retry = dirname(createRequire(join(core, "index.js")).resolve("p-retry"));
  return new Map([
    ["demo", import.meta.dirname],
    ["core", core],
    ["indexeddb", indexeddb],
    ["p-retry", retry],
    ["is-network-error", dirname(createRequire(join(retry, "index.js")).resolve("is-network-error"))],
  ]);
}

async function read(folders: ReadonlyMap<string, string>, path: string): Promise<{ type: string; body: string }> {
  if (path === "/") return { type: "text/html", body: PAGE };
  const [, name = "", ...rest] = path.split("/");
  const folder = folders.get(name);
  const file = normalize(join(folder ?? "", ...rest));
  if (folder === undefined || !file.startsWith(folder + sep)) throw new Error(`${path} is not offered`);
  return { type: "text/javascript", body: await readFile(file, "utf8") };
}
