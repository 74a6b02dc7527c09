import { checkKey, checkPrefix, describeValue, StorageError } from "@holdfast/core";
import { explained } from "./explained.js";
import type { OpenStore } from "./open-store.js";
import { isUserId } from "./options.js";
import { retried } from "./retried.js";

/** One item, or every item whose key starts with something: those that come later too. */
export type ShareTarget = { readonly key: string } | { readonly prefix: string };
/** A viewer reads; an editor writes and deletes too, and sees previous versions. */
export type ShareRole = "viewer" | "editor";

/** What the owner of a store has shared. */
export type Share = ShareTarget & {
  /** The id of a user; null: published, for every user of the project. */
  readonly user: string | null;
  readonly role: ShareRole;
};

/** What another user has shared: open it by `cloud({ client, owner, store })`. */
export type ReceivedShare = ShareTarget & {
  readonly owner: string;
  readonly store: string;
  readonly role: ShareRole;
};

/** Sharing of the store that is open. Keys are as the store has them, namespaces included. */
export interface Shares {
  /** Gives a user a role, in the place of the one that they have there. @throws INVALID_KEY, INVALID_OPTION, UNAUTHORIZED */
  share(target: ShareTarget, user: string, role: ShareRole): Promise<void>;
  /** Lets every signed-in user of the project view it. */
  publish(target: ShareTarget): Promise<void>;
  /**
   * Takes a share back; without a user, the publication. Resolves to whether there was one for just that target, and is not repeated by
   * itself after UNAVAILABLE, since a second try would not know.
   */
  revoke(target: ShareTarget, user?: string): Promise<boolean>;
  /** What has been shared and published. */
  list(): Promise<Share[]>;
  /** What others have shared with who is signed in, of all their stores. What is published is not among it. */
  received(): Promise<ReceivedShare[]>;
}

interface WireShare {
  readonly prefix: string;
  readonly whole: boolean;
  readonly role: ShareRole;
}

/** `opened` gives the store that is open. */
export function sharesOf(opened: () => OpenStore): Shares {
  const call = async <T>(what: string, name: string, parameters: (store: string) => object): Promise<T> => {
    const { connection, store, ports } = opened();
    const ask = () => connection.call<T>(name, { ...parameters(store) }, undefined);
    try {
      // A second try of what is taken back would find nothing, and say so.
      return await (what === "revoke" ? ask() : retried(ports, ask, undefined));
    } catch (error) {
      throw explained(what, error);
    }
  };
  const set = (what: string, target: ShareTarget, user: string | null, role: ShareRole | null): Promise<boolean> =>
    call(what, "holdfast_share", (store) => ({ p_store: store, ...toWire(target), p_grantee: user, p_role: role }));
  return {
    async share(target, user, role) {
      if (role !== "viewer" && role !== "editor") {
        throw invalid(`a role is "viewer" or "editor", not ${describeValue(role)}`);
      }
      await set("share", target, checkUser(user), role);
    },
    async publish(target) {
      await set("publish", target, null, "viewer");
    },
    revoke: async (target, user) => set("revoke", target, user === undefined ? null : checkUser(user), null),
    async list() {
      const shares = await call<(WireShare & { grantee: string | null })[]>("list", "holdfast_shares", (store) => ({
        p_store: store,
      }));
      return shares.map((share) => ({ ...toTarget(share), user: share.grantee, role: share.role }));
    },
    async received() {
      const shares = await call<(WireShare & { owner: string; name: string })[]>(
        "received",
        "holdfast_received",
        () => ({}),
      );
      return shares.map((share) => ({ ...toTarget(share), owner: share.owner, store: share.name, role: share.role }));
    },
  };
}

function toWire(target: ShareTarget): { p_prefix: string; p_whole: boolean } {
  const given: unknown = target;
  if (typeof given !== "object" || given === null || "key" in given === "prefix" in given) {
    throw invalid("what is shared is { key } or { prefix }");
  }
  return "key" in target
    ? { p_prefix: checkKey(target.key), p_whole: true }
    : { p_prefix: checkPrefix(target.prefix), p_whole: false };
}

function toTarget({ prefix, whole }: WireShare): ShareTarget {
  return whole ? { key: prefix } : { prefix };
}

function checkUser(user: unknown): string {
  if (isUserId(user)) return user;
  throw invalid("a user is named by their id, a UUID");
}

function invalid(message: string): StorageError {
  return new StorageError("INVALID_OPTION", message, { adapter: "cloud" });
}
