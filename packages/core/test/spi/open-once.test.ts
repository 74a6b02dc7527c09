import { expect, it } from "vitest";
import { OpenOnce } from "../../src/spi/open-once.ts";

const refused = { code: "INVALID_OPTION", adapter: "acme", message: "this adapter is open already: make another" };
const closed = expect.objectContaining({ code: "CLOSED", adapter: "acme", message: "this adapter is not open" });

function gated() {
  const gate = Promise.withResolvers<void>();
  return { gate, store: { close: () => gate.promise } };
}

it("holds one at a time: while it is being opened, open and being closed", async () => {
  const once = new OpenOnce<{ close(): Promise<void> }>("acme");
  const opening = Promise.withResolvers<void>();
  const { gate, store } = gated();
  const open = () => once.open(() => Promise.reject(new Error("opened twice")));
  expect(() => once.current).toThrow(closed);
  const opened = once.open(() => opening.promise.then(() => store));
  await expect(open()).rejects.toMatchObject(refused);
  expect(() => once.current).toThrow(closed);
  opening.resolve();
  expect(await opened).toBe(store);
  await expect(open()).rejects.toMatchObject(refused);
  expect(once.current).toBe(store);
  const closing = once.close();
  await expect(open()).rejects.toMatchObject(refused);
  expect(() => once.current).toThrow(closed);
  gate.resolve();
  await closing;
  expect(await once.open(() => store)).toBe(store);
});

it("may be opened again where opening or closing failed, and closes nothing where nothing is open", async () => {
  const once = new OpenOnce<{ close(): Promise<void> }>("acme");
  await once.close();
  await expect(once.open(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  await once.open(() => ({ close: () => Promise.reject(new Error("still busy")) }));
  await expect(once.close()).rejects.toThrow("still busy");
  const { store } = gated();
  expect(await once.open(() => store)).toBe(store);
});
