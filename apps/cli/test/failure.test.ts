import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { sqlite } from "@holdfast/sqlite";
import { register, type StorageAdapter, StorageError } from "holdfast";
import { describe, expect, it } from "vitest";
import { run } from "../src/cli.ts";
import { useWorkspace } from "./support/workspace.ts";

declare module "holdfast" {
  interface AdapterRegistry {
    failing: { path: string };
  }
}

const space = useWorkspace();

/** A store on which everything fails in its own way. */
function failing(adapter: StorageAdapter): StorageAdapter {
  const fail = (code: "UNAVAILABLE" | "TIMEOUT") => () => Promise.reject(new StorageError(code, `told by ${code}`));
  return new Proxy(adapter, {
    get(target, name) {
      if (name === "stat") return fail("UNAVAILABLE");
      if (name === "close") return fail("TIMEOUT");
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

describe("a command whose work fails, and then the closing of the store too", () => {
  it("tells what failed first", async () => {
    register("failing", {
      package: "@acme/failing",
      urlOptions: [],
      parse: ({ path }) => ({ path }),
      load: async () => (options) => failing(sqlite(options)),
    });
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const streams = { stdin: new PassThrough(), stdout, stderr };
    const args = ["get", `failing:${space.path("app.db")}`, "a", "--json"];
    const code = await run(args, streams, new AbortController().signal);
    stderr.end();
    expect(JSON.parse(await text(stderr))).toMatchObject({
      error: {
        code: "UNAVAILABLE",
        message: expect.stringContaining("told by UNAVAILABLE"),
        exitCode: 7,
        retryable: true,
      },
    });
    expect(code).toBe(7);
  });
});
