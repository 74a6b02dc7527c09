import { afterEach, expect, it, vi } from "vitest";
import { openStore, tidyUp } from "./support/stores.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await tidyUp();
});

it.each([
  ["SecurityError", "UNAUTHORIZED", "allow site data"],
  ["InvalidStateError", "UNAUTHORIZED", "allow site data"],
  ["UnknownError", "UNAVAILABLE", "damaged"],
])("a database that is not opened for a %s is a refusal with %s", async (name, code, message) => {
  vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
    const request = { error: new DOMException("no", name), onerror: () => undefined };
    queueMicrotask(() => request.onerror());
    return request as unknown as IDBOpenDBRequest;
  });
  await expect(openStore({}, { retry: false })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  });
});

it("a page that is no secure context is refused with what to do", async () => {
  vi.stubGlobal("isSecureContext", false);
  await expect(openStore()).rejects.toMatchObject({
    code: "UNSUPPORTED",
    message: expect.stringContaining("serve it over https"),
  });
});
