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

/** Opens an adapter without core on top of it, with what core would hand to it. */
export async function openBare(
  adapter: StorageAdapter,
  clock: Clock,
  history?: AdapterContext["history"],
): Promise<OpenState> {
  const ports = { ...systemPorts, clock };
  return adapter.open({ ports, tokenizerVersion: TOKENIZER_VERSION, termsOf, history, carry });
}
