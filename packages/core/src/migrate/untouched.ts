import { CallerError } from "../engine/failure.js";
import { StorageError } from "../errors.js";

/** An error that has been through the funnel of one storage is not for that of the next. */
export async function untouched<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw StorageError.is(error) || error instanceof CallerError ? error : new CallerError(error);
  }
}
