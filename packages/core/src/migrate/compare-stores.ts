import type { ComparedItem, CompareOptions } from "../contract/comparison.js";
import type { StorageEngine } from "../contract/storage-engine.js";
import { internalsOf } from "../engine/internals.js";

/**
 * Walks two storages, or namespaces, side by side, in the order of the keys. Changes nothing.
 *
 * @example
 * for await (const { key, result } of compareStores(a, b)) if (result !== "equal") console.log(result, key);
 *
 * @throws INVALID_OPTION, and what reading a storage as a whole throws; what is wrong with one item is told of it
 */
export async function* compareStores(
  first: StorageEngine,
  second: StorageEngine,
  options: CompareOptions = {},
): AsyncGenerator<ComparedItem, void, undefined> {
  const [a, b] = [internalsOf(first), internalsOf(second)];
  const [{ Comparison }, { untouched }] = await Promise.all([import("./comparison.js"), import("./untouched.js")]);
  const comparison = new Comparison(a, b, options);
  // Each page is an operation of its own: a comparison that nobody goes on with holds nothing open.
  for (;;) {
    const page = await a.run("compare", undefined, options, (operation) =>
      untouched(() => b.run("compare", undefined, options, () => comparison.next(operation))),
    );
    if (page === undefined) return;
    yield* page;
  }
}
