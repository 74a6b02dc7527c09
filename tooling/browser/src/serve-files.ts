import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize, sep } from "node:path";

export interface FileServer extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly origin: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
};

/**
 * Serves files as a plain web server does, on 127.0.0.1: a folder for each start of a path, and texts of the test's own. Pages
 * of other origins may load them too.
 */
export async function serveFiles(
  folders: Readonly<Record<string, string>>,
  texts: Readonly<Record<string, string>>,
): Promise<FileServer> {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://any").pathname;
    try {
      const body = texts[path] ?? (await readFile(fileOf(folders, path)));
      response.writeHead(200, {
        "content-type": TYPES[extname(path)] ?? "application/octet-stream",
        "access-control-allow-origin": "*",
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function fileOf(folders: Readonly<Record<string, string>>, path: string): string {
  const start = Object.keys(folders).find((each) => path.startsWith(each));
  const file = start === undefined ? undefined : normalize(join(folders[start] ?? "", path.slice(start.length)));
  if (file === undefined || !file.startsWith(normalize(folders[start ?? ""] ?? "") + sep)) throw new Error("not found");
  return file;
}
