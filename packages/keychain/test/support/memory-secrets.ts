import type { SecretStore } from "@holdfast/keychain";

/** Secrets in a Map that several stores may share, as processes share a keychain. */
export function memorySecrets(kept: Map<string, string> = new Map()): SecretStore {
  return {
    name: "memory",
    get: async (name) => kept.get(name),
    set: async (name, secret) => void kept.set(name, secret),
    delete: async (name) => kept.delete(name),
    names: async () => [...kept.keys()].sort(),
  };
}
