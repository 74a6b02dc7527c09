import type { Classification } from "@holdfast/core";
import { LOCAL, RequestError } from "./request-error.js";

const SIGN_IN = "sign in again, as the user whose store it is";
const SETUP =
  "the project does not have the tables and functions of this version of Holdfast; apply the migrations of @holdfast/cloud (supabase/migrations)";

/** What an error of a request means; undefined for any other, and for answers that cannot be explained. */
export function classify(error: unknown): Classification | undefined {
  if (!(error instanceof RequestError)) return undefined;
  const { code, status, message } = error;
  return ofAdapter(code, message) ?? ofPostgrest(code) ?? ofPostgres(code) ?? ofHttp(status);
}

/** Whether the token was refused before anything was done. Of objects the server says so with 403 or 400, and in words. */
export function isExpired({ status, code, message }: RequestError): boolean {
  if (status === 401) return /^PGRST30[0-3]$/.test(code) || /jwt|token/i.test(message);
  return (status === 403 || status === 400) && /\b(?:jwt|token)\b.*\bexpired\b|"exp" claim/i.test(message);
}

function ofAdapter(code: string, message: string): Classification | undefined {
  if (code === LOCAL.offline) {
    return { code: "UNAVAILABLE", message: "this device is offline; try again once it is not", retryable: false };
  }
  if (code === LOCAL.timeout) return { code: "TIMEOUT", message: "the server did not answer in time", retryable: true };
  if (code === LOCAL.header) {
    return {
      code: "INVALID_OPTION",
      message:
        "the client's key or token has a character that no header may have, such as a line break; look at where it is read",
    };
  }
  if (code === LOCAL.cut) return { code: "UNAVAILABLE", message: "the answer was cut short" };
  // Raised by the functions, whatever code the server puts on it.
  switch (/\bHF00[1-6]\b/.exec(message)?.[0]) {
    case "HF001":
      return { code: "UNAUTHORIZED", message: `the store is gone, or not that of who is signed in now; ${SIGN_IN}` };
    case "HF002":
      return {
        code: "UNAUTHORIZED",
        message: "nobody is signed in; sign in, or name the owner when you use the secret key",
      };
    case "HF003":
      return { code: "UNAUTHORIZED", message: "nothing of that owner's store is shared with who is signed in" };
    case "HF004":
      return { code: "UNAUTHORIZED", message: "only the owner may do this, or an editor where all of it is shared" };
    case "HF005":
      return {
        code: "UNSUPPORTED",
        message:
          "the clock of this device is more than two days ahead of the server's, which only the owner of a store may write with; set the clock, then open the store anew",
      };
    case "HF006":
      return {
        code: "INTERNAL",
        message: "the server refused a record that Holdfast should not have sent; update Holdfast",
      };
    default:
      return undefined;
  }
}

function ofPostgrest(code: string): Classification | undefined {
  if (/^PGRST30\d$/.test(code))
    return { code: "UNAUTHORIZED", message: `the session is not valid any more; ${SIGN_IN}` };
  if (/^PGRST(?:106|20\d)$/.test(code)) return { code: "UNAVAILABLE", message: SETUP, retryable: false };
  if (/^PGRST00\d$/.test(code)) return { code: "UNAVAILABLE", message: `the database cannot be reached (${code})` };
  return undefined;
}

// Classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
function ofPostgres(code: string): Classification | undefined {
  switch (code) {
    case "42501":
      return { code: "UNAUTHORIZED", message: `nobody is signed in, or not allowed to do this; ${SIGN_IN}` };
    case "42883":
    case "42P01":
    case "3F000":
      return { code: "UNAVAILABLE", message: SETUP, retryable: false };
    case "23503":
      return { code: "UNAUTHORIZED", message: "there is no such user, or not any more" };
    case "25006":
    case "53100":
      return {
        code: "QUOTA_EXCEEDED",
        message: `the database takes no more data (${code}); free space or raise its size`,
      };
    case "54000":
      return { code: "QUOTA_EXCEEDED", message: "a value is larger than the database can hold" };
    case "57014":
      return { code: "TIMEOUT", message: "the database gave the statement up: it took too long", retryable: true };
    case "40001":
    case "40P01":
      return { code: "UNAVAILABLE", message: "another write was in the way; try again" };
    default:
      return /^(?:08|53|57P)/.test(code)
        ? { code: "UNAVAILABLE", message: `the database cannot serve now (${code})` }
        : undefined;
  }
}

function ofHttp(status: number): Classification | undefined {
  if (status === 0) return { code: "UNAVAILABLE", message: "the server cannot be reached; look at the network" };
  if (status === 401 || status === 403)
    return { code: "UNAUTHORIZED", message: `the server refused (${status}); ${SIGN_IN}` };
  if (status === 408) return { code: "UNAVAILABLE", message: "the request did not arrive in time (408)" };
  if (status === 413) return { code: "QUOTA_EXCEEDED", message: "the server takes no body of this size (413)" };
  if (status === 429) return { code: "UNAVAILABLE", message: "the server asks to slow down (429)" };
  if (status >= 500) return { code: "UNAVAILABLE", message: `the server failed (${status})` };
  return undefined;
}
