import { listingSaboteurs } from "./listing.js";
import type { Saboteur } from "./saboteur.js";
import { surroundingSaboteurs } from "./surroundings.js";
import { writingSaboteurs } from "./writing.js";

export const saboteurs: readonly Saboteur[] = [...writingSaboteurs, ...listingSaboteurs, ...surroundingSaboteurs];
