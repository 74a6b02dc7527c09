/** Adapter that keeps items in one SQLite file. */
export type { Connection, Driver, RunResult, SqlValue, Statement } from "./driver.js";
export type { SecureDelete, SqliteOptions } from "./options.js";
export { sqlite } from "./sqlite-adapter.js";
