import { type KeyProvider, type MasterKey, masterKeyId, StorageError } from "@holdfast/core";
import { fromBase64Url } from "./base64url.js";
import { MASTER_KEY_BYTES } from "./master-keys.js";

/** Where the keys stand in the environment. */
export interface EnvironmentKeysOptions {
  /** Default: `HOLDFAST_KEYS`. */
  variable?: string | undefined;
  /** Default: the environment of the process. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
}

const ADVICE =
  "set it to 32 random bytes in base64, such as `openssl rand -base64 32` prints; several, separated by commas, the active one first";

/**
 * Master keys from an environment variable, for servers and development: 32 bytes each in base64 or base64url, separated by
 * commas, the active one first. To rotate, put a new key first and run `rotate({ resume: true })`; the environment cannot be written to.
 *
 * @throws KEY_MISSING, when it loads, where the variable is not set; INVALID_OPTION where it holds anything else. Neither tells what.
 * INVALID_OPTION at once for a name that is no text.
 */
export function environmentKeys(options: EnvironmentKeysOptions = {}): KeyProvider {
  const { variable = "HOLDFAST_KEYS", environment } = options;
  if (typeof variable !== "string") throw new StorageError("INVALID_OPTION", "variable is the name of one, as text");
  return {
    name: "environment",
    async load() {
      const text = (environment ?? processEnvironment())[variable]?.trim();
      if (text === undefined || text === "") {
        throw new StorageError("KEY_MISSING", `there are no keys in the environment variable ${variable}: ${ADVICE}`);
      }
      const keys: MasterKey[] = [];
      for (const [place, part] of text.split(",").entries()) {
        const material = fromBase64Url(part.trim());
        if (material?.length !== MASTER_KEY_BYTES) {
          throw new StorageError(
            "INVALID_OPTION",
            `key ${place + 1} in the environment variable ${variable} is none: ${ADVICE}`,
          );
        }
        keys.push({ id: await masterKeyId(material), material });
      }
      return { active: keys[0]?.id ?? "", keys };
    },
  };
}

/** Also where there is no process, as in browsers. */
function processEnvironment(): Readonly<Record<string, string | undefined>> {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env ?? {};
}
