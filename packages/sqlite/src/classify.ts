import type { Classification } from "@holdfast/core";

/** What an error of SQLite or of the file system means; undefined for any other. */
export function classify(error: unknown): Classification | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  return code.startsWith("SQLITE_") ? classifySqlite(code) : classifyFile(code);
}

/** Whether another connection holds a lock that will pass. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error) ?? "");
}

/** Whether there was no room for what was to be written. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === "SQLITE_FULL";
}

/**
 * Whether the operating system could not bring written data to the medium. It may then have dropped the data and report
 * success the next time, so nothing more may be asked of this connection.
 */
export function isSyncFailure(error: unknown): boolean {
  return /^SQLITE_IOERR_(?:DIR_)?FSYNC$/.test(codeOf(error) ?? "");
}

/** Whether the file is damaged, or none of SQLite's. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error) ?? "");
}

/** SQLite's extended result code by name, or the system's error code; undefined for errors without one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function classifySqlite(code: string): Classification | undefined {
  const [, primary] = code.split("_", 2);
  switch (primary) {
    case "BUSY":
    case "LOCKED":
      return { code: "LOCKED", message: "another connection holds the database; try again" };
    case "FULL":
      return { code: "QUOTA_EXCEEDED", message: "there is no room left for the database; free some space" };
    case "TOOBIG":
      return { code: "QUOTA_EXCEEDED", message: "a value is larger than SQLite can hold; store it in several items" };
    case "CORRUPT":
      return code === "SQLITE_CORRUPT_VTAB"
        ? { code: "CORRUPT", message: "the search index is damaged; repair() builds it anew" }
        : { code: "CORRUPT", message: "the database file is damaged; restore it from a backup" };
    case "NOTADB":
      return { code: "CORRUPT", message: "the file is not a SQLite database; choose another path" };
    case "READONLY":
    case "PERM":
    case "AUTH":
      return {
        code: "UNAUTHORIZED",
        message: "the database or its directory cannot be written; give this user permission or choose another path",
      };
    case "CANTOPEN":
      return {
        code: "UNAVAILABLE",
        message:
          "the database, or a file beside it, cannot be opened; look at the path, its permissions and the open files",
        retryable: false,
      };
    case "IOERR":
      return { code: "UNAVAILABLE", message: `the file system failed (${code}); look at the disk` };
    case "NOMEM":
      return { code: "UNAVAILABLE", message: "SQLite ran out of memory; end what else takes it, then try again" };
    case "PROTOCOL":
      return { code: "UNAVAILABLE", message: "the database's locks cannot be had; is it on a network drive?" };
    default:
      return undefined;
  }
}

function classifyFile(code: string): Classification | undefined {
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return {
        code: "UNAUTHORIZED",
        message: `no permission (${code}); give this user permission or choose another path`,
      };
    case "ENOSPC":
    case "EDQUOT":
      return { code: "QUOTA_EXCEEDED", message: `no room left (${code}); free some space` };
    case "ENOTDIR":
    case "EEXIST":
    case "ENAMETOOLONG":
    case "ELOOP":
      return { code: "INVALID_OPTION", message: `the path cannot be (${code}); choose another one` };
    case "ERR_MODULE_NOT_FOUND":
    case "ERR_DLOPEN_FAILED":
    case "MODULE_NOT_FOUND":
      return {
        code: "UNAVAILABLE",
        message: `better-sqlite3 cannot be loaded (${code}); install it anew for this platform and Node version`,
        retryable: false,
      };
    default:
      return /^E[A-Z]+$/.test(code)
        ? { code: "UNAVAILABLE", message: `the file system failed (${code}); look at the disk` }
        : undefined;
  }
}
