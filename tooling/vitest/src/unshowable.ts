/** What throws when a message is made of it by JSON.stringify, String or a template: an error about it must show it some other way. */
export const unshowable: readonly (readonly [what: string, value: unknown])[] = [
  ["a bigint", 1n],
  ["an object that holds itself", cyclic()],
  ["an object without a prototype", Object.create(null)],
  ["a symbol", Symbol("s")],
  ["a proxy whose traps throw", throwing()],
  ["a revoked proxy", revoked()],
];

function cyclic(): object {
  const object: { self?: object } = {};
  object.self = object;
  return object;
}

function throwing(): object {
  const refuse = () => {
    throw new Error("a trap");
  };
  return new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse });
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
