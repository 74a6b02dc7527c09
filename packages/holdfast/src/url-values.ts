import { StorageError } from "@holdfast/core";
import type { StoreUrl } from "./store-url.js";

/** An option of a URL that is one of some words. Undefined when it is not there. */
export function wordOption<Word extends string>(url: StoreUrl, name: string, words: readonly Word[]): Word | undefined {
  const value = optionOf(url, name);
  const word = words.find((each) => each === value);
  if (value !== undefined && word === undefined) throw wrongValue(url, name, words.join(" or "), value);
  return word;
}

/** An option of a URL that is a whole number from 0 on. Undefined when it is not there. */
export function numberOption(url: StoreUrl, name: string): number | undefined {
  const value = optionOf(url, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) {
    throw wrongValue(url, name, "a whole number from 0 on", value);
  }
  return number;
}

/** An option of a URL that is some text. Undefined when it is not there. */
export function textOption(url: StoreUrl, name: string): string | undefined {
  const value = optionOf(url, name);
  if (value === "") throw wrongValue(url, name, "not empty", value);
  return value;
}

function optionOf({ options }: StoreUrl, name: string): string | undefined {
  return Object.hasOwn(options, name) ? options[name] : undefined;
}

function wrongValue({ scheme }: StoreUrl, name: string, expected: string, value: string): StorageError {
  return new StorageError("INVALID_OPTION", `${name} of a ${scheme}: URL is ${expected}, not ${JSON.stringify(value)}`);
}
