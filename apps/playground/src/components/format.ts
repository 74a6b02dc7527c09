import type { StorageItem } from "@holdfast/core";

const BYTES = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
const number = new Intl.NumberFormat("en");
const when = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

export function formatCount(count: number): string {
  return number.format(count);
}

export function countOf(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

export function formatBytes(bytes: number): string {
  const step = bytes < 1_000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), BYTES.length - 1);
  const unit = BYTES[step] ?? "byte";
  const unitDisplay = step === 0 ? "long" : "short";
  const maximumFractionDigits = step === 0 ? 0 : 1;
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay, maximumFractionDigits }).format(
    bytes / 1_000 ** step,
  );
}

export function formatTime(date: Date): string {
  return when.format(date);
}

/** Such as "5 min. ago"; the date for what is older than a week. */
export function formatAgo(date: Date, now: number = Date.now()): string {
  const past = date.getTime() - now;
  for (const [unit, length] of STEPS) {
    if (unit === "day" && past < -7 * length) return formatTime(date);
    if (past <= -length) return relative.format(Math.ceil(past / length), unit);
  }
  return "just now";
}

/** What people call the item: what its metadata says, else the last part of its key. */
export function titleOf({ key, metadata }: StorageItem): string {
  for (const name of ["title", "name", "country"]) {
    const value = metadata[name];
    if (typeof value === "string" && value.trim() !== "") return value;
  }
  return key.slice(key.lastIndexOf("/") + 1);
}

export function mediaTypeOf({ metadata }: StorageItem): string | undefined {
  const { mediaType } = metadata;
  return typeof mediaType === "string" ? mediaType : undefined;
}
