import {
  type AdapterContext,
  type Clock,
  type OpenState,
  type StorageAdapter,
  systemPorts,
  TOKENIZER_VERSION,
  termsOf,
} from "@holdfast/core";

/** Nothing is encrypted that is written without core. */
const carry: AdapterContext["carry"] = ({ body }, header) => ({ header, body });

/** What makes the terms of headers, and its number. */
export type Tokenizer = Pick<AdapterContext, "tokenizerVersion" | "termsOf">;

const current: Tokenizer = { tokenizerVersion: TOKENIZER_VERSION, termsOf };

/** Opens an adapter without core on top of it, with what core would hand to it; by default with the tokenizer of core. */
export async function openBare(
  adapter: StorageAdapter,
  clock: Clock,
  history?: AdapterContext["history"],
  tokenizer: Tokenizer = current,
): Promise<OpenState> {
  const ports = { ...systemPorts, clock };
  return adapter.open({ ports, ...tokenizer, history, carry });
}
