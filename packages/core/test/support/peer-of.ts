import type { StorageAdapter } from "@holdfast/core";

/** Another adapter on the store of this one, as another process has it: an adapter serves one storage at a time. Calls reach the first one. */
export function peerOf(adapter: StorageAdapter): StorageAdapter {
  return new Proxy(adapter, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}
