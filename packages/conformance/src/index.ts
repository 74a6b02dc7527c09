export { ConformanceError } from "./assert.js";
export type { Context, Generation, OpenOptions } from "./context.js";
export { describeAdapter, type TestRunner } from "./describe-adapter.js";
export {
  type Fault,
  type FaultAt,
  type FaultKind,
  type FaultOf,
  faultsByMethod,
  type InjectedFault,
} from "./faults/fault.js";
export { type FaultPlan, type FaultyAdapter, faulty } from "./faults/faulty-adapter.js";
export { type AdapterCall, type AdapterMethod, type Around, intercept } from "./faults/intercept.js";
export { type Backing, compressed, encrypted, type Harness, type Mode, modes, namespaced, plain } from "./harness.js";
export type { ManualClock } from "./manual-clock.js";
export type { Tokenizer } from "./open-bare.js";
export type { Peer, PeerChannel } from "./peer/protocol.js";
export { runPeer } from "./peer/run-peer.js";
export { type Replacements, replacing } from "./replacing.js";
export { type PlannedCase, planConformance, type Result, type RunOptions, runConformance } from "./run-conformance.js";
export { freshSeed, SeededRandom } from "./simulation/seeded.js";
export { SimulatedPorts, type SimulatedPortsOptions } from "./simulation/simulated-ports.js";
export { type SimulatedAdapterOptions, Simulation } from "./simulation/simulation.js";
export type { Case, Check, ConditionalCase, Need, Theme, UnconditionalCase } from "./suite.js";
export { summarise, type ThemeOutcome } from "./summarise.js";
export { themes } from "./themes.js";
