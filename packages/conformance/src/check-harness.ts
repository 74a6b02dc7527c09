import type { Capabilities } from "@holdfast/core";
import { fail } from "./assert.js";
import { show } from "./difference.js";
import type { Backing } from "./harness.js";

// A harness may be written without types. What it lacks is told as such, and not by the first line that trips over it.

const PARTS: { readonly [K in keyof Required<Backing>]: readonly string[] } = {
  adapter: ["function"],
  persistent: ["boolean"],
  peer: ["function", "undefined"],
  forgetFeed: ["function", "undefined"],
  destroy: ["function"],
};

/** Fails for what is no store, and names all that is wrong with it. */
export function checkBacking(given: unknown): asserts given is Backing {
  if (!isObject(given)) fail(`open of the harness gave ${show(given)} and no store`);
  const wrong = Object.entries(PARTS).flatMap(([name, types]) => {
    const part = given[name];
    if (types.some((type) => type === typeof part)) return [];
    return part === undefined ? [`no ${name}`] : [`as ${name} ${show(part)}, which is no ${types[0]}`];
  });
  if (wrong.length > 0) fail(`open of the harness gave ${wrong.join(", ")}`);
}

/** Of what `adapter()` gave. Which levels they name is for the suite to check. */
export function capabilitiesOf(given: unknown): Capabilities {
  if (!isObject(given)) fail(`adapter() of the harness gave ${show(given)} and no adapter`);
  const { then: promised, capabilities } = given;
  if (typeof promised === "function") {
    fail("adapter() of the harness gave a promise: what takes time belongs into the adapter's open");
  }
  if (!isObject(capabilities)) fail(`the adapter's capabilities are ${show(capabilities)}, expected an object`);
  return capabilities as unknown as Capabilities;
}

export function isObject(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null;
}
