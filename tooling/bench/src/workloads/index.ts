import { type Runnable, runnable } from "../harness/measure.ts";
import { cloudBody } from "./cloud-bodies.ts";
import { cloudList, cloudLoad, cloudSearch, cloudTags } from "./cloud-reads.ts";
import { cloudSave } from "./cloud-saves.ts";
import { encryptedSave, encryptLarge } from "./encryption.ts";
import { filesystemList, filesystemLoad } from "./filesystem-reads.ts";
import { filesystemSave, filesystemSaveSlow, filesystemSaveTogether, filesystemSustained } from "./filesystem-saves.ts";
import { indexedDbList, indexedDbListLarge, indexedDbSearch, indexedDbTags } from "./indexeddb-reads.ts";
import { indexedDbSave, indexedDbSaveTerms, indexedDbSaveTogether } from "./indexeddb-saves.ts";
import { memorySaveAndLoad } from "./memory.ts";
import { migration } from "./migration.ts";
import { sqliteLoad } from "./sqlite-load.ts";
import { sqliteList, sqliteSearch, sqliteTags } from "./sqlite-queries.ts";
import { sqliteSave, sqliteSaveProcess, sqliteSaveTogether } from "./sqlite-saves.ts";

/** In the order of the page. */
export const workloads: readonly Runnable[] = [
  runnable(sqliteSave),
  runnable(sqliteSaveTogether),
  runnable(sqliteSaveProcess),
  runnable(sqliteLoad),
  runnable(sqliteList),
  runnable(sqliteTags),
  runnable(sqliteSearch),
  runnable(filesystemSave),
  runnable(filesystemSaveTogether),
  runnable(filesystemSaveSlow),
  runnable(filesystemSustained),
  runnable(filesystemLoad),
  runnable(filesystemList),
  runnable(indexedDbSave),
  runnable(indexedDbSaveTerms),
  runnable(indexedDbSaveTogether),
  runnable(indexedDbList),
  runnable(indexedDbListLarge),
  runnable(indexedDbTags),
  runnable(indexedDbSearch),
  runnable(memorySaveAndLoad),
  runnable(encryptedSave),
  runnable(encryptLarge),
  runnable(migration),
  runnable(cloudSave),
  runnable(cloudLoad),
  runnable(cloudList),
  runnable(cloudTags),
  runnable(cloudSearch),
  runnable(cloudBody),
];
