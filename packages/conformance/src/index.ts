export { ConformanceError } from "./assert.js";
export type { Context, OpenOptions } from "./context.js";
export { describeAdapter, type TestRunner } from "./describe-adapter.js";
export { type Backing, compressed, type Harness, type Mode, modes, namespaced, plain } from "./harness.js";
export type { ManualClock } from "./manual-clock.js";
export { type Replacements, replacing } from "./replacing.js";
export { type Result, type RunOptions, runConformance } from "./run-conformance.js";
export type { Case, Check, Need, Theme } from "./suite.js";
export { themes } from "./themes.js";
