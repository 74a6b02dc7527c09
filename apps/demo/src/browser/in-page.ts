// Runs in the page: holds the adapter, and does with it what is asked from outside.
import {
  type AdapterContext,
  type StorageAdapter,
  StorageError,
  systemPorts,
  TOKENIZER_VERSION,
  termsOf,
} from "@holdfast/core";
import { indexeddb } from "@holdfast/indexeddb";

/** The calls that cross: all take values and return values. */
export type CrossingMethod = "open" | "stat" | "get" | "put" | "delete" | "list" | "query" | "count" | "close";

/** An error does not keep its code on the way, so it goes as a value. */
export type Answer =
  | { readonly returned: unknown }
  | { readonly code: StorageError["code"]; readonly message: string; readonly retryable: boolean };

export type Call = (method: CrossingMethod, args: readonly unknown[]) => Promise<Answer>;

declare global {
  var callAdapter: Call | undefined;
}

const adapter = indexeddb({ name: "holdfast-demo" });

globalThis.callAdapter = async (method, args) => {
  try {
    if (method === "open") {
      // Nothing here is encrypted.
      const carry: AdapterContext["carry"] = ({ body }, header) => ({ header, body });
      const context = {
        ports: systemPorts,
        tokenizerVersion: TOKENIZER_VERSION,
        termsOf,
        history: false as const,
        carry,
      };
      return { returned: await adapter.open(context) };
    }
    const perform = adapter[method] as (...args: unknown[]) => unknown;
    return { returned: await perform.apply(adapter, [...args]) };
  } catch (error) {
    return answerOf(adapter, error);
  }
};

function answerOf(failed: StorageAdapter, error: unknown): Answer {
  if (StorageError.is(error)) return { code: error.code, message: error.message, retryable: error.retryable };
  const known = failed.classify(error);
  if (known !== undefined) return { ...known, retryable: known.retryable ?? false };
  return { code: "INTERNAL", message: error instanceof Error ? error.message : String(error), retryable: false };
}
