import { type Comparison, type JsonObject, type JsonValue, parseJson, type Scalar, type Where } from "@holdfast/core";
import { InvalidArgumentError } from "commander";
import { UsageError } from "./failure.js";

/** For options that may be given several times. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** A whole number from 0 on. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError("It is not a whole number from 0 on.");
  }
  return number;
}

/** A whole number from 1 on. */
export function countFromOne(text: string): number {
  const count = wholeNumber(text);
  if (count === 0) throw new InvalidArgumentError("It is not a whole number from 1 on.");
  return count;
}

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** A number of bytes from 1 on: `500000`, `500kB`, `2.5MB`, `8MiB`. */
export function byteCount(text: string): number {
  const [, number = "", unit = "B"] = /^(\d+(?:\.\d+)?) ?([A-Za-z]+)?$/.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (SIZES[unit] ?? Number.NaN));
  if (number === "" || !(bytes >= 1)) throw new InvalidArgumentError("It is not a size such as 500kB or 2.5MB.");
  return bytes;
}

/** `name=value` pairs; a value that is JSON is taken as JSON, anything else as text. */
export function parseMetadata(pairs: readonly string[]): JsonObject {
  const metadata = new Map<string, JsonValue>();
  for (const pair of pairs) {
    const equals = pair.indexOf("=");
    if (equals <= 0) throw new UsageError(`metadata is written name=value, not ${JSON.stringify(pair)}`);
    const name = pair.slice(0, equals);
    if (metadata.has(name)) throw new UsageError(`the metadata ${JSON.stringify(name)} is given twice`);
    metadata.set(name, jsonOrText(pair.slice(equals + 1)));
  }
  return Object.fromEntries(metadata);
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** As long as a timer of JavaScript can wait. */
const LONGEST = 2 ** 31 - 1;

/** Milliseconds from one second on, written as `90s`, `15m`, `12h`, `2d`. */
export function timeLimit(text: string): number {
  const milliseconds = durationOf(text) ?? 0;
  if (milliseconds < 1 || milliseconds > LONGEST) {
    throw new InvalidArgumentError("It is not a time from 1s to 24d, such as 90s or 15m.");
  }
  return milliseconds;
}

/** In milliseconds: `90s`, `15m`, `12h`, `30d`; undefined for anything else. */
function durationOf(text: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const milliseconds = UNITS[unit];
  return milliseconds === undefined ? undefined : Number(count) * milliseconds;
}

/** An instant in ISO 8601, or a time from now on: `90s`, `15m`, `12h`, `30d`. */
export function parseExpiration(text: string, now: number): Date {
  const duration = durationOf(text);
  const date = duration === undefined ? new Date(isDay(text) ? text : Number.NaN) : new Date(now + duration);
  if (Number.isNaN(date.getTime())) {
    throw new UsageError(`${JSON.stringify(text)} is no time: write 30d, 12h, 15m, 90s or 2030-12-31T23:59:59Z`);
  }
  return date;
}

/** Whether it begins with a day that there is: the engine takes 31 February for 3 March. */
function isDay(text: string): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(text) ?? [];
  return new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
}

/**
 * Conditions on metadata: `path=value`, `path>value` and so on, `path` (is there), `!path` (is not), or JSON in the form of
 * core's `where` for all else.
 */
export function parseWhere(expressions: readonly string[]): Where {
  const where = new Map<string, Scalar | Comparison>();
  for (const expression of expressions) {
    for (const [path, condition] of parseExpression(expression)) {
      const standing = where.get(path);
      where.set(path, standing === undefined ? condition : combine(path, standing, condition));
    }
  }
  return Object.fromEntries(where);
}

type OrderName = "gt" | "gte" | "lt" | "lte";
const ORDERS: Readonly<Record<string, OrderName>> = { ">": "gt", ">=": "gte", "<": "lt", "<=": "lte" };

function parseExpression(expression: string): [string, Scalar | Comparison][] {
  if (expression.startsWith("{")) return Object.entries(parseWhereJson(expression));
  const comparison = /^([^=<>!]+)(>=|<=|>|<|=)(.*)$/s.exec(expression);
  if (comparison === null) {
    const presence = /^(!?)([^=<>!]+)$/s.exec(expression);
    if (presence?.[2] === undefined) {
      throw new UsageError(
        `${JSON.stringify(expression)} is no condition: write path=value, path>=value, path or !path`,
      );
    }
    return [[presence[2].trim(), { exists: presence[1] === "" }]];
  }
  const [, path = "", operator = "", text = ""] = comparison;
  const value = jsonOrText(text.trim());
  const order = ORDERS[operator];
  if (order !== undefined) {
    if (value === "" || (typeof value !== "string" && typeof value !== "number")) {
      throw new UsageError(`${JSON.stringify(expression)}: only numbers and text have an order`);
    }
    return [[path.trim(), { [order]: value }]];
  }
  if (typeof value === "object" && value !== null) {
    throw new UsageError(
      `${JSON.stringify(expression)}: a condition compares with text, a number, true, false or null`,
    );
  }
  return [[path.trim(), value]];
}

// What stands inside is checked by core, which names what is wrong.
function parseWhereJson(expression: string): Where {
  try {
    return parseJson(expression) as Where;
  } catch {
    throw new UsageError(`${JSON.stringify(expression)} is not JSON`);
  }
}

function combine(path: string, a: Scalar | Comparison, b: Scalar | Comparison): Comparison {
  if (typeof a === "object" && a !== null && typeof b === "object" && b !== null) {
    if (!Object.keys(b).some((name) => name in a)) return { ...a, ...b };
  }
  throw new UsageError(`two conditions on ${JSON.stringify(path)} rule each other out or repeat each other`);
}

function jsonOrText(text: string): JsonValue {
  try {
    return parseJson(text) as JsonValue;
  } catch {
    return text;
  }
}
