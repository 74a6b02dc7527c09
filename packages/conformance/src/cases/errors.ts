import { type ErrorCode, StorageError } from "@holdfast/core";
import { equal, ok, rejects } from "../assert.js";
import type { Theme } from "../suite.js";

export const errors: Theme = {
  name: "errors",
  cases: [
    {
      name: "every refusal is a StorageError that says which adapter, which key and whether to try again",
      async run(context) {
        const storage = await context.open();
        await storage.save("k", 1);
        const { name } = context.backing.adapter();
        const refusals: [code: ErrorCode, key: string | undefined, call: () => Promise<unknown>][] = [
          ["CONFLICT", "k", () => storage.save("k", 1, { ifVersion: null })],
          ["CONFLICT", "k", () => storage.delete("k", { ifVersion: "other" })],
          ["INVALID_VALUE", "k", () => storage.save("k", Number.NaN)],
          ["INVALID_VALUE", "k", () => storage.update<unknown>("k", () => new Map())],
          ["INVALID_VALUE", "k", () => storage.saveStream("k", texts())],
          ["INVALID_KEY", "a//b", () => storage.load("a//b")],
          ["INVALID_OPTION", "k", () => storage.load("k", { sinal: 1 } as never)],
          ["INVALID_OPTION", undefined, () => storage.search({ limit: -1 })],
          ["ABORTED", "k", () => storage.load("k", { signal: AbortSignal.abort() })],
        ];
        for (const [code, key, call] of refusals) {
          const error = await rejects(code, code, call);
          equal(
            [error.name, error.adapter, error.key, error.retryable],
            ["StorageError", name, key, false],
            `name, adapter, key, retryable of ${code}`,
          );
          ok(error instanceof Error && error.message.length > 10, `${code} says what is wrong`);
          ok(StorageError.is(error) && StorageError.is(error, code), `${code} is recognised`);
          const { code: shown, adapter } = JSON.parse(JSON.stringify(error)) as Record<string, unknown>;
          equal([shown, adapter], [code, name], `code and adapter of ${code} as JSON`);
        }
        await storage.close();
        const closed = await rejects("CLOSED", "load", () => storage.load("k"));
        equal(
          [closed.adapter, closed.key, closed.retryable],
          [name, "k", false],
          "adapter, key and retryable of CLOSED",
        );
      },
    },
    {
      name: "no message tells what was stored",
      async run(context) {
        const storage = await context.open();
        const secret = "hunter2-secret-value";
        await storage.save("k", { secret }, { metadata: { secret }, tags: [secret] });
        for (const call of [
          () => storage.save("k", { secret, bad: Number.NaN }),
          () => storage.save("k", secret, { ifVersion: null }),
          () => storage.save("k", { list: [secret, undefined] }),
        ]) {
          const error = await call().then(
            () => undefined,
            (reason: unknown) => reason,
          );
          ok(StorageError.is(error) && !JSON.stringify(error).includes(secret), "the error does not show the value");
        }
      },
    },
  ],
};

async function* texts(): AsyncGenerator<Uint8Array> {
  yield "text" as never;
}
