import type { StorageAdapter } from "@holdfast/core";

/** New values for properties of an adapter; undefined takes one away. */
export type Replacements = { readonly [K in keyof StorageAdapter]?: StorageAdapter[K] | undefined };

/**
 * An adapter with some of its properties replaced; all else goes to `adapter` itself. For planting faults, and for doing
 * something just before or after a call.
 *
 * @example
 * const failing = replacing(adapter, { put: () => Promise.reject(new Error("disk on fire")) });
 */
export function replacing(adapter: StorageAdapter, replacements: Replacements): StorageAdapter {
  return new Proxy(adapter, {
    get(target, name) {
      if (Object.hasOwn(replacements, name)) return Reflect.get(replacements, name);
      const property: unknown = Reflect.get(target, name);
      return typeof property === "function" ? property.bind(target) : property;
    },
  });
}
