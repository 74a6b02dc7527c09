/** Errors of the browser that this adapter tells apart. */
type Known =
  | "QuotaExceededError"
  /** The connection was lost, and with it, perhaps, the answer whether something was written. */
  | "AbortError"
  /** The connection is closed. */
  | "InvalidStateError"
  /** Something stands where nothing was thought to. */
  | "ConstraintError";

export function is(error: unknown, name: Known): boolean {
  return error instanceof DOMException && error.name === name;
}

/** Milliseconds that a browser may take to open a database that nobody holds. */
export const PATIENCE = 1_000;

/** The outcome of one request. */
export function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Does the work in a transaction and resolves when that is complete; on any failure nothing of it is written. The work awaits
 * nothing but requests of the transaction, which would end otherwise.
 */
export async function commit<T>(
  transaction: IDBTransaction,
  work: (transaction: IDBTransaction) => Promise<T>,
): Promise<T> {
  const { db } = transaction;
  const ended = new Promise<boolean>((resolve) => {
    const end = ({ type }: Event) => {
      db.removeEventListener("close", end);
      resolve(type === "complete");
    };
    transaction.oncomplete = end;
    transaction.onabort = end;
    // When Chromium closes a connection by itself, it does not always say how a transaction ended.
    db.addEventListener("close", end);
  });
  try {
    const result = await work(transaction);
    // Saves the way there and back that it takes to find out that nothing more is asked.
    transaction.commit();
    if (await ended) return result;
    throw new DOMException("", "AbortError");
  } catch (error) {
    abort(transaction);
    await ended;
    // Where the transaction knows why it failed, it knows best.
    throw transaction.error ?? error;
  }
}

export function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}
