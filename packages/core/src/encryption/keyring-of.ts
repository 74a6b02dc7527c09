import type { Keyring, RotateOptions } from "../contract/keyring.js";
import type { OperationOptions } from "../contract/options.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { checkOperationOptions, rejectUnknown, requireBoolean, requireFunction } from "../engine/arguments.js";
import type { Operation } from "../engine/failure.js";
import { internalsOf } from "../engine/internals.js";
import { invalid } from "../invalid-option.js";
import type { KeyWork } from "./key-work.js";

/**
 * The master keys of a storage that was opened with the setting `encryption`.
 *
 * @example
 * const report = await keyringOf(storage).rotate();
 * if (report.ok) for (const { id, active } of await keyringOf(storage).keys()) if (!active) await keyringOf(storage).retire(id);
 *
 * @throws INVALID_OPTION for a namespace, a storage without keys, or something that openStorage of this copy of core did not make.
 */
export function keyringOf(storage: StorageEngine): Keyring {
  const { session, prefix, run } = internalsOf(storage);
  const { vault } = session;
  if (prefix !== "")
    throw invalid("master keys belong to a whole store: ask the storage that this namespace is a view of");
  if (vault === undefined)
    throw invalid(`this storage was opened without keys: give openStorage the setting "encryption"`);

  const working = <T>(
    name: string,
    options: OperationOptions | undefined,
    check: () => void,
    work: (keys: KeyWork) => Promise<T>,
  ): Promise<T> =>
    run(name, undefined, options, async (operation: Operation) => {
      check();
      const { KeyWork } = await import("./key-work.js");
      return work(new KeyWork(session, vault, operation));
    });
  const checkRotate = (options: RotateOptions | undefined) => () => {
    if (options === undefined) return;
    rejectUnknown("option", options, ["resume", "progress", "signal"]);
    if (options.resume !== undefined) requireBoolean("resume", options.resume);
    if (options.progress !== undefined) requireFunction("progress", options.progress);
  };

  return {
    keys: (options) =>
      working(
        "keys",
        options,
        () => checkOperationOptions(options),
        (keys) => keys.usage(),
      ),
    rotate: (options) => working("rotate", options, checkRotate(options), (keys) => keys.rotate(options)),
    reencrypt: (options) => working("reencrypt", options, checkRotate(options), (keys) => keys.reencrypt(options)),
    retire: (id, options) =>
      working(
        "retire",
        options,
        () => checkOperationOptions(options),
        (keys) => keys.retire(id),
      ),
  };
}
