// For apps.

// For authors of adapters.
export { CHUNK_BYTES, checksumOf } from "./codec/checksum.js";
export { decodeValue } from "./codec/decode-value.js";
export { parseJson } from "./codec/parse-json.js";
export * from "./contract/capabilities.js";
export * from "./contract/collection.js";
export * from "./contract/comparison.js";
export * from "./contract/history.js";
export * from "./contract/import.js";
export * from "./contract/migration.js";
export * from "./contract/operations.js";
export * from "./contract/options.js";
export * from "./contract/query.js";
export * from "./contract/reports.js";
export * from "./contract/storage-engine.js";
export * from "./contract/storage-item.js";
export * from "./contract/watch.js";
export { diffValues } from "./diff-values.js";
export { openStorage } from "./engine/open-storage.js";
export type { HistorySettings, RetrySettings, StorageSettings } from "./engine/settings.js";
export { type ErrorCode, type SchemaIssue, StorageError, type StorageErrorDetails } from "./errors.js";
export { checkKey, checkPrefix, compareKeys, MAX_KEY_BYTES, RESERVED_SEGMENT } from "./keys.js";
export { compareStores } from "./migrate/compare-stores.js";
export { createMigrator } from "./migrate/create-migrator.js";
export { importEntries } from "./migrate/import-entries.js";
export { storageJournal } from "./migrate/storage-journal.js";
export * from "./ports.js";
export { matchQuery, matchTerms } from "./query/match.js";
export { compareHits, type Hit } from "./query/order.js";
export { type IndexedPath, parseQuery } from "./query/parse-query.js";
export * from "./query/parsed-query.js";
export { countQuery, scanQuery, selectHits } from "./query/scan-query.js";
export { termsOf } from "./query/terms.js";
export { TOKENIZER_VERSION, tokenize } from "./query/tokenizer.js";
export { matchesWhere } from "./query/where.js";
export * from "./spi/index.js";
export { isVersion, LATEST_CLOCK, MAX_DRIFT, VersionClock, versionTime } from "./versions.js";
