import { memory } from "@holdfast/memory";
import { fallbackAdapter } from "holdfast";
import { expect, it } from "vitest";

it.each<[unknown, string]>([
  [{ whenUnknow: "absent" }, 'no "whenUnknow"; they have retryPolicy, whenUnknown, onFallback'],
  [null, "an object"],
])("refuses %j", (options, reason) => {
  expect(() => fallbackAdapter(memory(), [memory()], options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringContaining(reason) }),
  );
});
