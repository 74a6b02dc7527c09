import type { Classification } from "@holdfast/core";

export const NOT_ALLOWED = {
  code: "UNAUTHORIZED",
  message:
    "the browser does not let this page store data: allow site data for it, leave private browsing, or use @holdfast/memory",
} as const;

/** What an error of the browser's storage means; undefined for any other. */
export function classify(error: unknown): Classification | undefined {
  if (!(error instanceof DOMException)) return undefined;
  switch (error.name) {
    case "QuotaExceededError":
      return {
        code: "QUOTA_EXCEEDED",
        message: "the browser has no room left for this site: delete items, or ask for more with persist()",
      };
    case "VersionError":
      return {
        code: "UNSUPPORTED",
        message: "the database was made by a newer version of Holdfast and is left as it is: update this app",
      };
    case "SecurityError":
    case "NotAllowedError":
      return NOT_ALLOWED;
    case "AbortError":
    case "InvalidStateError":
    case "TransactionInactiveError":
      return {
        code: "UNAVAILABLE",
        message: "the browser closed the connection to the database; nothing was half written",
      };
    case "UnknownError":
    case "NotReadableError":
    case "OperationError":
    case "TimeoutError":
      // So Chromium says that site data is switched off.
      if (error.message.includes("denied permission")) return NOT_ALLOWED;
      return {
        code: "UNAVAILABLE",
        message: `the browser cannot use its database files (${error.message}): is the disk full or damaged, or site data switched off?`,
      };
    case "DataError":
      return {
        code: "CORRUPT",
        message: `the database holds something that Holdfast did not write (${error.message})`,
      };
    default:
      return undefined;
  }
}
