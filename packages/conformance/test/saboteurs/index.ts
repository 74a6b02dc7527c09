import { batchSaboteurs } from "./batches.js";
import { declaringSaboteurs } from "./declaring.js";
import { encryptingSaboteurs } from "./encrypting.js";
import { expiringSaboteurs } from "./expiring.js";
import { feedingSaboteurs } from "./feeding.js";
import { keepingSaboteurs } from "./keeping.js";
import { keySaboteurs } from "./keys.js";
import { listingSaboteurs } from "./listing.js";
import { racingSaboteurs } from "./racing.js";
import type { Saboteur } from "./saboteur.js";
import { searchingSaboteurs } from "./searching.js";
import { streamingSaboteurs } from "./streaming.js";
import { sweepingSaboteurs } from "./sweeping.js";
import { versionSaboteurs } from "./versions.js";
import { watchingSaboteurs } from "./watching.js";
import { writingSaboteurs } from "./writing.js";

export const saboteurs: readonly Saboteur[] = [
  ...racingSaboteurs,
  ...writingSaboteurs,
  ...versionSaboteurs,
  ...batchSaboteurs,
  ...keySaboteurs,
  ...listingSaboteurs,
  ...expiringSaboteurs,
  ...searchingSaboteurs,
  ...streamingSaboteurs,
  ...watchingSaboteurs,
  ...feedingSaboteurs,
  ...keepingSaboteurs,
  ...sweepingSaboteurs,
  ...encryptingSaboteurs,
  ...declaringSaboteurs,
];
