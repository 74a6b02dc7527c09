import type { Saboteur as Each } from "../../../packages/conformance/test/saboteurs/saboteur.ts";

export type Saboteur = Each;
