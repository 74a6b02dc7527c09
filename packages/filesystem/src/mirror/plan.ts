import type { RecordHeader, Version } from "@holdfast/core";
import type { Fingerprint } from "../fingerprint.js";
import type { PairNames } from "../names/pair-names.js";
import type { FileStat } from "../port/file-system-port.js";
import type { Intent, StandingPair } from "../table/file-table.js";

/** What is to be done to the files of one key. */
export type Plan = PublishPlan | RemovePlan;

interface Before {
  readonly key: string;
  /** The pair that was recorded last. */
  readonly standing: StandingPair | undefined;
  /** What else may stand, since a publication was begun and not recorded; oldest first. */
  readonly intents: readonly Intent[];
  /** How a damaged file looks of which there is a copy in quarantine: it may be replaced. */
  readonly damaged: Fingerprint | null;
  /** Whether history has the version that stands, so that its file is to be kept. */
  readonly keeps: (version: Version) => boolean;
}

export interface PublishPlan extends Before {
  readonly type: "publish";
  readonly header: RecordHeader;
  readonly sha256: string;
  readonly names: PairNames;
  readonly body: PlannedBody;
  /** The files are written even when they seem to be there: an fsync of theirs has failed. */
  readonly anew: boolean;
}

export type PlannedBody =
  | { readonly from: "memory"; readonly bytes: Uint8Array }
  /** A file of its own, on the medium, which is moved. */
  | { readonly from: "file"; readonly path: string }
  /** It stands where it belongs. */
  | { readonly from: "place" };

export interface RemovePlan extends Before {
  readonly type: "remove";
}

export type Result =
  | Published
  | Removed
  /** Something stands at `path` that no Holdfast wrote; nothing was replaced. */
  | { readonly outcome: "edited"; readonly plan: Plan; readonly path: string }
  | { readonly outcome: "failed"; readonly plan: Plan; readonly error: unknown };

export interface Published extends Replaced {
  /** The companion still tells of the plain version that this encrypted one has replaced: it is to be written once more. */
  readonly reveals: boolean;
  readonly outcome: "published";
  readonly plan: PublishPlan;
  readonly stat: Fingerprint;
  /** The data file is still the damaged one: there is no other copy of the body. */
  readonly damaged: boolean;
}

export interface Removed extends Replaced {
  readonly outcome: "removed";
  readonly plan: RemovePlan;
}

export interface Replaced {
  /** The files of versions that were replaced. */
  readonly kept: readonly Kept[];
  /** Where in the work directory edits are that came at the very moment of replacing. */
  readonly raced: readonly string[];
}

interface Kept {
  readonly version: Version;
  readonly place: string;
  readonly sha256: string;
}

/** The data file that stands for a key, as it was when it was judged. */
export interface Seen {
  readonly path: string;
  readonly stat: FileStat;
  /** Undefined: damaged, and in quarantine. */
  readonly is: Intent | StandingPair | undefined;
}

/** Whether what stands is a damaged file of which there is a copy in quarantine. */
export function isDamaged(seen: Seen | undefined): boolean {
  return seen !== undefined && seen.is === undefined;
}

/** Every pair that may stand, the newest first. */
export function olderPairs({ standing, intents }: Plan): readonly (Intent | StandingPair)[] {
  return [...(standing === undefined ? [] : [standing]), ...intents].reverse();
}
