/** An object with some of its members in another form; all others work as its own. */
export function overriding<T extends object>(target: T, changed: Partial<T>): T {
  return new Proxy(target, {
    get(original, name) {
      if (Object.hasOwn(changed, name)) return Reflect.get(changed, name) as unknown;
      const member: unknown = Reflect.get(original, name, original);
      return typeof member === "function" ? member.bind(original) : member;
    },
  });
}
