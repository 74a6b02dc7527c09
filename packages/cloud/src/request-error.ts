/** An answer of the server that is none, or the lack of one. Carries nothing that was sent, so no secret either. */
export class RequestError extends Error {
  /** Of PostgreSQL or PostgREST, or one of the adapter's own in `LOCAL`; empty where the server gave none. */
  readonly code: string;
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number;

  constructor(message: string, { code = "", status = 0 }: { code?: string; status?: number } = {}) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.status = status;
  }
}

/** What the adapter finds out without the server. */
export const LOCAL = { offline: "offline", timeout: "timeout", cut: "cut", header: "header" } as const;
