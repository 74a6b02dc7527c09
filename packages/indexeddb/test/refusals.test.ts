import { openDB } from "idb";
import { afterEach, expect, it, vi } from "vitest";
import { newName } from "./support/backing.ts";
import { openStore, tidyUp } from "./support/stores.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await tidyUp();
});

it.each([
  ["SecurityError", "no", "UNAUTHORIZED", "allow site data"],
  ["InvalidStateError", "no", "UNAUTHORIZED", "allow site data"],
  // What Chromium says where its user has switched site data off.
  ["UnknownError", "The user denied permission to access the database.", "UNAUTHORIZED", "allow site data"],
  ["UnknownError", "Internal error.", "UNAVAILABLE", "damaged"],
])("a database that is not opened for a %s (%s) is a refusal with %s", async (name, reason, code, message) => {
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    const request = { error: new DOMException(reason, name), onerror: () => undefined };
    queueMicrotask(() => request.onerror());
    return request as unknown as IDBOpenDBRequest;
  });
  await expect(openStore({}, { retry: false })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

it("an answer that comes as the time for it is over is heard: the page may have stood still", async () => {
  const request = { error: new DOMException("no", "SecurityError"), onerror: () => undefined };
  vi.spyOn(IDBFactory.prototype, "open").mockReturnValue(request as unknown as IDBOpenDBRequest);
  const { setTimeout } = globalThis;
  vi.spyOn(globalThis, "setTimeout").mockImplementation(((fire: () => void, time?: number) =>
    setTimeout(() => {
      // Both are due on waking, and the browser takes the timer first.
      if (time === 5_000) setTimeout(() => request.onerror());
      fire();
    })) as unknown as typeof setTimeout);
  await expect(openStore({ lockTimeout: 5_000 }, { retry: false })).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

it("a newer database is refused in time, also when nobody can look whose it is", async () => {
  const name = newName();
  const holder = await openDB(name, 1_000_000);
  const { open } = IDBFactory.prototype;
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(function (this: IDBFactory, database, version) {
    // Only who looks asks for no version. He is to wait behind a deletion, which waits for the holder.
    if (version === undefined) this.deleteDatabase(database);
    return open.call(this, database, version);
  });
  const opening = openStore({ name, lockTimeout: 100 }, { retry: false }).finally(() => holder.close());
  await expect(opening).rejects.toMatchObject({
    code: "UNSUPPORTED",
    message: expect.stringContaining("update this app"),
  });
});

it("a page that is no secure context is refused with what to do", async () => {
  vi.stubGlobal("isSecureContext", false);
  await expect(openStore()).rejects.toMatchObject({
    code: "UNSUPPORTED",
    message: expect.stringContaining("serve it over https"),
  });
});
