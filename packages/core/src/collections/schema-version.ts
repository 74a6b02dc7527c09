/** `1.2` as `[1, 2, 0]`. */
export type SchemaVersion = readonly [number, number, number];

// Nine digits each: far more than anybody counts to, and exact.
const VERSION = /^(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?(?:\.(0|[1-9]\d{0,8}))?$/;

/** Undefined for what is no version. */
export function parseSchemaVersion(text: unknown): SchemaVersion | undefined {
  const match = typeof text === "string" ? VERSION.exec(text) : null;
  return match === null ? undefined : [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
}

export function compareSchemaVersions(a: SchemaVersion, b: SchemaVersion): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
