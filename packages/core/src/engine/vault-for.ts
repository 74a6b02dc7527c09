import type { EncodingOptions } from "../codec/encode-value.js";
import { invalid } from "../invalid-option.js";
import type { Awaitable } from "../spi/index.js";
import type { ValueDraft } from "./draft.js";
import type { Session } from "./session.js";
import type { SealedValue, Vault } from "./vault.js";
import { versioned } from "./write-record.js";

/** What encrypts a save with this option; undefined: nothing does. Throws INVALID_OPTION where there are no keys. */
export function vaultFor({ vault }: Session, encrypt: boolean | undefined): Vault | undefined {
  if (!(encrypt ?? vault?.byDefault)) {
    if (!vault?.required) return undefined;
    throw invalid("this storage writes nothing that is not encrypted");
  }
  if (vault !== undefined) return vault;
  throw invalid(`to encrypt, give openStorage the setting "encryption" with a key provider`);
}

export function sealValue(
  session: Session,
  vault: Vault,
  draft: ValueDraft,
  value: unknown,
  encoding: EncodingOptions,
): Awaitable<SealedValue> {
  return vault.seal(draft, value, encoding, (complete) => versioned(session, complete));
}
