/** The parts that the sqlite adapter is made of, for adapters that keep their truth in SQLite and something else beside it. */
export {
  type BetterSqlite3Database,
  type BetterSqlite3Statement,
  betterSqlite3,
  connectionTo,
} from "./better-sqlite3-driver.js";
export { type CheckedStore, checkStore } from "./check-store.js";
export { classify, codeOf, isBusy } from "./classify.js";
export type { Connection, Driver, RunResult, SqlValue, Statement } from "./driver.js";
export { FeedWatcher } from "./feed-watcher.js";
export type { FileIdentity } from "./file-identity.js";
export { GroupCommit, type GroupCommitOptions, type JobOptions } from "./group-commit.js";
export { Bodies, type BodyFacts, type ItemBody, type StagedBody } from "./item-table/bodies.js";
export { Feed, type FeedEntry, type FeedPlace } from "./item-table/feed.js";
export {
  type HistoryRule,
  type HistorySetting,
  HistoryTable,
  type SweepPlace,
  type SweepStep,
} from "./item-table/history.js";
export { Indexes } from "./item-table/indexes.js";
export { ItemSearch } from "./item-table/item-search.js";
export { type BodilessRecord, ItemTable, type Usage } from "./item-table/item-table.js";
export { isFileDamage, repairTables, trimTables } from "./item-table/maintenance.js";
export type { Tokenizer } from "./item-table/reindex.js";
export { readStoreValue } from "./item-table/schema.js";
export type { SearchIndex } from "./item-table/search-index.js";
export { StoredBodies, type StoredBody, type StoredItem } from "./item-table/stored-bodies.js";
export { inTransaction } from "./item-table/transaction.js";
export { type LockWait, retryWhileLocked } from "./lock-retry.js";
export { type OpenDatabase, type OpenDatabaseOptions, openDatabase } from "./open-database.js";
export type { CompleteOptions, SecureDelete } from "./options.js";
export { ChunkStream, streamFromMemory } from "./read-stream.js";
export { shrinkStore } from "./shrink-store.js";
export { StoreConnection, type StoreConnectionOptions } from "./store-connection.js";
export { sweepHistory } from "./sweep-history.js";
export { type BodyWriterParts, ChunkWriter } from "./write-stream.js";
