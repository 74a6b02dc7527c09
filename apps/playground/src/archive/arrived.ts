import { type MigrationReport, StorageError } from "@holdfast/core";

/** Throws what the first item that did not arrive failed with. */
export function checkArrived({ failures: [failure] }: MigrationReport): void {
  if (failure === undefined) return;
  const { key, code, message } = failure;
  throw new StorageError(code, `${JSON.stringify(key)}: ${message}`, { key });
}
