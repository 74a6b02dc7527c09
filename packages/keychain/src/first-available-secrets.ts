import { StorageError } from "@holdfast/core";
import { firstOf } from "./first-of.js";
import type { SecretStore } from "./secret-store.js";

/** Read, whether there is something or not, to see that a place answers. */
const PROBE = "holdfast";

/**
 * The first of several places for secrets that this machine has at all. One that is there but locked or out of reach is not passed over:
 * a secret would be in another place today than yesterday. Nothing is remembered from one run to the next, as for `firstAvailable`.
 *
 * @throws UNSUPPORTED, from each call, with what each of them asks for.
 *
 * @example
 * const all = credentials(firstAvailableSecrets([osSecrets({ service: "my-app" }), storedSecrets(storage.namespace("secrets"))]));
 */
export function firstAvailableSecrets(places: readonly [SecretStore, ...SecretStore[]]): SecretStore {
  const choose = firstOf(places, {
    look: (place) => place.get(PROBE),
    isAbsence: ({ code }) => code === "UNSUPPORTED",
    none: (reasons) => new StorageError("UNSUPPORTED", `there is nowhere to keep a secret; ${reasons}`),
  });
  return {
    name: places.map(({ name }) => name).join(" or "),
    get: async (name) => (await choose()).get(name),
    set: async (name, secret) => (await choose()).set(name, secret),
    delete: async (name) => (await choose()).delete(name),
    names: async () => (await choose()).names(),
  };
}
