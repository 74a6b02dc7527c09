import { abort } from "./cases/abort.js";
import { adapterChanges } from "./cases/adapter-changes.js";
import { adapterFeatures } from "./cases/adapter-features.js";
import { adapterHistory } from "./cases/adapter-history.js";
import { adapterReads } from "./cases/adapter-reads.js";
import { adapterWrites } from "./cases/adapter-writes.js";
import { atomicity } from "./cases/atomicity.js";
import { batch } from "./cases/batch.js";
import { boundaries } from "./cases/boundaries.js";
import { capabilities } from "./cases/capabilities.js";
import { changes } from "./cases/changes.js";
import { collections } from "./cases/collections.js";
import { compareAndSet } from "./cases/compare-and-set.js";
import { edges } from "./cases/edges.js";
import { encryption } from "./cases/encryption.js";
import { errors } from "./cases/errors.js";
import { exactness } from "./cases/exactness.js";
import { expiry } from "./cases/expiry.js";
import { failures } from "./cases/failures.js";
import { faults } from "./cases/faults.js";
import { history } from "./cases/history.js";
import { keys } from "./cases/keys.js";
import { lifecycle } from "./cases/lifecycle.js";
import { listing } from "./cases/listing.js";
import { maintenance } from "./cases/maintenance.js";
import { models } from "./cases/models.js";
import { namespace } from "./cases/namespace.js";
import { openStreams } from "./cases/open-streams.js";
import { options } from "./cases/options.js";
import { restore } from "./cases/restore.js";
import { saveAndLoad } from "./cases/save-and-load.js";
import { search } from "./cases/search.js";
import { streams } from "./cases/streams.js";
import { twoProcesses } from "./cases/two-processes.js";
import { update } from "./cases/update.js";
import { versions } from "./cases/versions.js";
import { watch } from "./cases/watch.js";
import type { Theme } from "./suite.js";

/** The whole suite: first what an adapter is, then its own obligations, then the contract on top of it. */
export const themes: readonly Theme[] = [
  capabilities,
  adapterWrites,
  adapterReads,
  adapterFeatures,
  adapterChanges,
  adapterHistory,
  saveAndLoad,
  keys,
  listing,
  edges,
  exactness,
  options,
  versions,
  compareAndSet,
  atomicity,
  expiry,
  search,
  collections,
  update,
  batch,
  streams,
  openStreams,
  watch,
  changes,
  history,
  restore,
  encryption,
  namespace,
  lifecycle,
  abort,
  maintenance,
  errors,
  failures,
  faults,
  boundaries,
  models,
  twoProcesses,
];
