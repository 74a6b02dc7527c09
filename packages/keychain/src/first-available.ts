import { type KeyProvider, StorageError } from "@holdfast/core";
import { firstOf } from "./first-of.js";

/**
 * The first of several providers that this machine has at all. One that is there but locked or out of reach is not passed over:
 * that would encrypt under other keys today than yesterday. Nothing is remembered from one run to the next: each looks anew at what its
 * process sees. An app that also runs where it sees less, from cron, by ssh or sudo, in a container, names the one provider that it means.
 *
 * @throws KEY_MISSING, when it loads, with what each of them asks for; never goes on without a key.
 */
export function firstAvailable(providers: readonly [KeyProvider, ...KeyProvider[]]): KeyProvider {
  const choose = firstOf(providers, {
    look: (provider) => provider.load(),
    isAbsence,
    none: (reasons) => new StorageError("KEY_MISSING", `there is nowhere to keep a master key; ${reasons}`),
  });
  return {
    name: providers.map(({ name }) => name).join(" or "),
    load: async () => (await choose()).load(),
    async add() {
      const provider = await choose();
      if (provider.add === undefined) throw setFromOutside(provider);
      return provider.add();
    },
    async remove(id) {
      const provider = await choose();
      if (provider.remove === undefined) throw setFromOutside(provider);
      return provider.remove(id);
    },
  };
}

/** A variable that is not set is no place to look for keys; a keychain that lost its key is. */
function isAbsence({ code }: StorageError, { add }: KeyProvider): boolean {
  return code === "UNSUPPORTED" || (code === "KEY_MISSING" && add === undefined);
}

function setFromOutside({ name }: KeyProvider): StorageError {
  return new StorageError("UNSUPPORTED", `the keys of ${name} are set from outside`);
}
