import type { ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { type ErrorCode, type KeyProvider, type MasterKeys, StorageError } from "@holdfast/core";

interface Answer {
  readonly call: number;
  readonly keys?: {
    readonly active: string;
    readonly keys: readonly { readonly id: string; readonly material: string }[];
  };
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

type Settle = (answer: Answer) => void;

/** The keychain of a session that is not this process's own, by a process there that runs keychain-process.mjs. */
export class KeychainSession {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting = new Map<number, Settle>();
  #calls = 0;

  constructor(process: ChildProcessByStdio<Writable, Readable, null>) {
    this.#process = process;
    createInterface({ input: process.stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer;
      this.#waiting.get(answer.call)?.(answer);
      this.#waiting.delete(answer.call);
    });
    process.on("exit", () => {
      const error = { code: "INTERNAL", message: "the process in the session has ended" } as const;
      for (const [call, settle] of this.#waiting) settle({ call, error });
    });
  }

  keychainOf(service: string): KeyProvider {
    return {
      name: "os-keychain",
      load: () => this.#ask({ service, method: "load" }),
      add: () => this.#ask({ service, method: "add" }),
      remove: (id) => this.#ask({ service, method: "remove", id }),
    };
  }

  async end(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.stdin.end();
    await ended;
  }

  async #ask(question: object): Promise<MasterKeys> {
    const call = ++this.#calls;
    const answer = new Promise<Answer>((resolve) => this.#waiting.set(call, resolve));
    this.#process.stdin.write(`${JSON.stringify({ call, ...question })}\n`);
    const { keys, error } = await answer;
    if (keys === undefined) throw new StorageError(error?.code ?? "INTERNAL", error?.message ?? "no answer");
    return {
      active: keys.active,
      keys: keys.keys.map(({ id, material }) => ({ id, material: new Uint8Array(Buffer.from(material, "base64")) })),
    };
  }
}
