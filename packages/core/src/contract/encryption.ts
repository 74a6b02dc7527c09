/** A master key: 32 random bytes, or a Web Crypto key of the algorithm HKDF with the usage `deriveBits`, extractable or not. */
// The latter by what takes one: among Node's types `CryptoKey` is no global name.
export type MasterKeyMaterial = Uint8Array | Parameters<typeof crypto.subtle.encrypt>[1];

/** A key that encrypts the keys of values. */
export interface MasterKey {
  /** As `masterKeyId` tells it: 16 lower-case hex digits that follow from the key. */
  readonly id: string;
  readonly material: MasterKeyMaterial;
}

/** The master keys that can be had, of which new values use the active one. */
export interface MasterKeys {
  /** The id of the one that new values use. */
  readonly active: string;
  /** The active one among them. */
  readonly keys: readonly MasterKey[];
}

/**
 * Where master keys are kept. What it rejects with is a StorageError that says what to install, set or unlock; it never answers
 * without a key. `@holdfast/keychain` has providers for operating systems, browsers, passphrases and environment variables.
 */
export interface KeyProvider {
  /** Short, lower-case, stable: `os-keychain`. */
  readonly name: string;
  /**
   * The keys as they are now. Where there is none yet, a provider that can keep one makes the first. Of several that do so at once each
   * may answer with one of its own; all of these are kept, and whoever loads later has all of them and the same active one. Called when a
   * storage is opened, and again when a value names a key that is not known.
   */
  load(): Promise<MasterKeys>;
  /** Makes a key, keeps it beside the others and makes it the active one. Absent where keys are set from outside. */
  add?(): Promise<MasterKeys>;
  /** Forgets a key that is not active. */
  remove?(id: string): Promise<MasterKeys>;
}

/** How a storage encrypts. */
export interface EncryptionSettings {
  /** Where the master keys come from. */
  keys: KeyProvider;
  /** What a save does when its own option `encrypt` is absent. Default: true. */
  byDefault?: boolean | undefined;
  /**
   * Neither write nor read anything that is not encrypted: who can write into the store cannot slip in plain items of his own.
   * Default: false.
   */
  required?: boolean | undefined;
  /**
   * Encrypt metadata and tags of encrypted items too: they are shown where the key is, and never searched. Where they were, they stay
   * so in whatever is made of the stored item, also with false. Default: false.
   */
  metadata?: boolean | undefined;
  /**
   * Which data belongs together: what was encrypted in one realm cannot be read in another. 1 to 255 bytes.
   * Default: `holdfast`.
   */
  realm?: string | undefined;
}
