import type { UpdateOptions } from "../contract/options.js";
import { checkUpdateOptions } from "../engine/write-options.js";
import { isPlainObject } from "../invalid-option.js";

/**
 * Options of a call that are read later than they were passed, as they were then: the caller may use the object again. What is
 * wrong with them stays, for whoever reads them.
 */
export function ownOptions<Options>(options: Options): Options {
  if (!isPlainObject(options)) return options;
  const { tags, metadata, expiration }: UpdateOptions = options;
  const own: Options & UpdateOptions = { ...options };
  try {
    const copy = checkUpdateOptions({ tags, metadata, expiration });
    if (tags) own.tags = copy.tags;
    if (metadata) own.metadata = copy.metadata;
    if (expiration) own.expiration = new Date(expiration);
  } catch {
    // Refused when they are read.
  }
  return own;
}
