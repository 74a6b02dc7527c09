import {
  type AdapterContext,
  type Clock,
  type OpenState,
  type StorageAdapter,
  systemPorts,
  TOKENIZER_VERSION,
  termsOf,
} from "@holdfast/core";

/** Opens an adapter without core on top of it, with what core would hand to it. */
export async function openBare(
  adapter: StorageAdapter,
  clock: Clock,
  history?: AdapterContext["history"],
): Promise<OpenState> {
  return adapter.open({ ports: { ...systemPorts, clock }, tokenizerVersion: TOKENIZER_VERSION, termsOf, history });
}
