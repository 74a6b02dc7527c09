import type { UpdateOptions } from "../contract/options.js";
import { checkUpdateOptions } from "../engine/arguments.js";
import { isPlainObject } from "../invalid-option.js";

// Options that are read later than they were passed, as they were then: the caller may use the object again. What is wrong with
// them stays, for whoever reads them.

/** Of options without anything in them that can change. */
export function ownOptions<Options>(options: Options): Options {
  return isPlainObject(options) ? { ...options } : options;
}

/** Of a save, an update or an operation of a batch. */
export function ownSaveOptions<Options>(given: Options): Options {
  const options = ownOptions(given);
  if (!isPlainObject(options)) return options;
  const { tags, metadata, expiration }: UpdateOptions = options;
  try {
    const copy = checkUpdateOptions({ tags, metadata, expiration });
    if (tags !== undefined) Object.assign(options, { tags: copy.tags });
    if (metadata !== undefined) Object.assign(options, { metadata: copy.metadata });
    if (expiration) Object.assign(options, { expiration: new Date(copy.expiration ?? Number.NaN) });
  } catch {
    // Refused when they are read.
  }
  return options;
}
