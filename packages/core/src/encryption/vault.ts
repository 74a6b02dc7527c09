import { chain, isPromise } from "../awaitable.js";
import { checksumOf } from "../codec/checksum.js";
import { decodeVerified, verifyBytes } from "../codec/decode-value.js";
import { type EncodingOptions, packBorrowed } from "../codec/encode-value.js";
import type { Decryption } from "../codec/stream.js";
import type { KeyProvider, MasterKey, MasterKeys } from "../contract/encryption.js";
import type { BodilessRecord, CollectionMarks, EncodedFacts, ValueDraft } from "../engine/draft.js";
import type { CompleteEncryption } from "../engine/settings.js";
import type { PackedFacts, SealedValue, StreamFacts, StreamSeal, Vault, Versioning } from "../engine/vault.js";
import { StorageError } from "../errors.js";
import type { Random } from "../ports.js";
import type { Awaitable, EncryptionHeader, RecordHeader, StoredRecord } from "../spi/index.js";
import { toBase64Url } from "./base64url.js";
import { checkKeys } from "./check-keys.js";
import { deriveKeys, unwrapKey, type ValueKeys, wrapKey } from "./data-key.js";
import { type EncryptionFacts, parseEncryption, refused, SALT_BYTES } from "./format.js";
import { checkHeaderMac, signHeader, type UnsignedHeader } from "./header-mac.js";
import { NewKeys, type NewValueKeys } from "./new-keys.js";
import { PieceCipher } from "./pieces.js";
import { openMetadata, sealMetadata } from "./sealed-metadata.js";
import { openedSize } from "./sealed-size.js";

/** What is known of a value before its body is encrypted. */
interface Seal extends NewValueKeys {
  readonly header: Omit<EncryptionHeader, "mac">;
}

/** The facts and keys of a stored value. */
interface Unlocked {
  readonly facts: EncryptionFacts;
  readonly keys: ValueKeys;
}

/** The vault of format 1. */
export class EncryptionVault implements Vault {
  readonly byDefault: boolean;
  readonly required: boolean;
  readonly realm: string;
  readonly provider: KeyProvider;
  readonly #sealsMetadata: boolean;
  readonly #random: Random;
  #keys: MasterKeys;
  #newKeys: NewKeys;
  #loading: Promise<void> | undefined;
  /** What was asked of the provider last, once it is over. */
  #asked: Promise<void> = Promise.resolve();

  constructor({ byDefault, required, metadata, realm, keys }: CompleteEncryption, random: Random, found: MasterKeys) {
    this.byDefault = byDefault;
    this.required = required;
    this.realm = realm;
    this.provider = keys;
    this.#sealsMetadata = metadata;
    this.#random = random;
    this.#keys = found;
    this.#newKeys = this.#underActive();
  }

  get keys(): MasterKeys {
    return this.#keys;
  }

  ask(question: () => Promise<MasterKeys>): Promise<void> {
    const answer = this.#asked.then(question).then((keys) => this.#use(keys));
    this.#asked = answer.catch(() => undefined);
    return answer;
  }

  seal(draft: ValueDraft, value: unknown, encoding: EncodingOptions, versioned: Versioning): Awaitable<SealedValue> {
    return chain(packBorrowed(value, encoding), ({ packed, ...facts }) => {
      const seal = this.#newSeal(draft);
      // Where that takes a promise, the caller may change his bytes before they are encrypted.
      const own = isPromise(seal) && packed === value ? new Uint8Array(packed) : packed;
      return this.#sealed(draft, own, facts, versioned, seal);
    });
  }

  sealPacked(
    draft: ValueDraft,
    packed: Uint8Array,
    { format, compression, size }: PackedFacts,
    versioned: Versioning,
  ): Awaitable<SealedValue> {
    return this.#sealed(draft, packed, { format, compression, size }, versioned, this.#newSeal(draft));
  }

  #sealed(
    draft: ValueDraft,
    packed: Uint8Array,
    facts: PackedFacts,
    versioned: Versioning,
    sealing: Awaitable<Seal>,
  ): Awaitable<SealedValue> {
    return chain(sealing, (seal) =>
      chain(this.#cipher(seal, { ...draft, ...facts }), (cipher) =>
        chain(cipher.sealWhole(packed), (body) =>
          chain(checksumOf(body), (checksum) => {
            const encoded = { ...facts, storedSize: body.length, ...checksum };
            return chain(this.#record(draft, encoded, seal, versioned), (record) => ({ record, body }));
          }),
        ),
      ),
    );
  }

  async sealStream(draft: ValueDraft, { format }: StreamFacts, versioned: Versioning): Promise<StreamSeal> {
    const seal = await this.#newSeal(draft);
    const cipherFor = (compression: RecordHeader["compression"]) =>
      this.#cipher(seal, { ...draft, format, compression });
    return {
      encryption: async function* (packed, compression) {
        const cipher = await cipherFor(compression);
        yield* cipher.sealStream(packed);
      },
      recordOf: (encoded) => this.#record(draft, encoded, seal, versioned),
    };
  }

  value(record: StoredRecord): Awaitable<unknown> {
    return chain(this.packed(record), (packed) => decodeVerified(openedHeader(record.header), packed));
  }

  packed({ header, body }: StoredRecord): Awaitable<Uint8Array> {
    return chain(this.#authenticated(header), ({ facts, keys }) =>
      chain(verifyBytes(header, body), () =>
        chain(this.#cipherOf(header, facts, keys), (cipher) => cipher.openWhole(header, body)),
      ),
    );
  }

  async opener(header: RecordHeader): Promise<Decryption> {
    const { facts, keys } = await this.#authenticated(header);
    const cipher = await this.#cipherOf(header, facts, keys);
    return { header: openedHeader(header), open: (body) => cipher.openStream(header, body) };
  }

  reveal(header: RecordHeader): Awaitable<RecordHeader> {
    return chain(this.#unlock(header), ({ facts, keys }) => {
      if (facts.sealed === undefined) return header;
      return chain(openMetadata(header, facts.sealed, keys.data, facts), ({ tags, metadata }) => {
        const { sealed: _sealed, ...encryption } = header.encryption as EncryptionHeader;
        return { ...header, tags, metadata, encryption };
      });
    });
  }

  sign(header: RecordHeader): Awaitable<RecordHeader> {
    return chain(this.#unlock(header), ({ keys }) => signHeader(unsigned(header), keys.mac));
  }

  rewrap(header: RecordHeader): Awaitable<RecordHeader> {
    return chain(this.#authenticated(header), ({ facts, keys }) => {
      const master = this.#active();
      return chain(wrapKey(keys.data, master, this.#random.bytes(SALT_BYTES), facts), (wrap) => {
        const encryption = { ...unsigned(header).encryption, key: master.id, wrap: toBase64Url(wrap) };
        return signHeader({ ...header, encryption }, keys.mac);
      });
    });
  }

  authenticate(header: RecordHeader): Awaitable<void> {
    return chain(this.#authenticated(header), () => undefined);
  }

  /** Checks the header before anything of it is believed. */
  #authenticated(header: RecordHeader): Awaitable<Unlocked> {
    const facts = parseEncryption(header);
    if (openedSize(header.storedSize) === undefined) {
      throw refused(header, `no value has ${header.storedSize} stored bytes`);
    }
    return chain(this.#unlock(header, facts), (unlocked) =>
      chain(checkHeaderMac(header, facts.mac, unlocked.keys.mac), () => unlocked),
    );
  }

  #unlock(header: RecordHeader, facts: EncryptionFacts = parseEncryption(header)): Awaitable<Unlocked> {
    if (facts.realm !== this.realm) throw otherRealm(facts.realm, this.realm);
    return chain(this.#masterKey(facts.key), (master) =>
      chain(unwrapKey(header, facts.wrap, master, facts), (data) =>
        chain(deriveKeys(data, facts.id), (keys) => ({ facts, keys })),
      ),
    );
  }

  #newSeal({ key: path, tags, metadata, sealed: wereSealed = false }: ValueDraft): Awaitable<Seal> {
    return chain(this.#newKeys.next(), (keys) => {
      if (!this.#sealsMetadata && !wereSealed) return keys;
      const { data, id, header } = keys;
      const salt = this.#random.bytes(SALT_BYTES);
      const { realm } = this;
      return chain(sealMetadata({ tags, metadata }, data, salt, { realm, id, path }), (sealed) => ({
        ...keys,
        header: { ...header, sealed: toBase64Url(sealed) },
      }));
    });
  }

  #record(draft: ValueDraft, encoded: EncodedFacts, seal: Seal, versioned: Versioning): Awaitable<BodilessRecord> {
    const { marks, ...rest } = draft;
    const visible = seal.header.sealed === undefined ? rest : { ...rest, tags: [], metadata: {} };
    const record = versioned({ ...visible, encoded, ...(marks && { marks: withoutData(marks) }) });
    const unsignedHeader = { ...record.header, encryption: seal.header };
    return chain(signHeader(unsignedHeader, seal.mac), (header) => ({ ...record, header }));
  }

  #cipher(
    { id, content }: Seal,
    { key: path, format, compression }: Pick<RecordHeader, "key" | "format" | "compression">,
  ): Awaitable<PieceCipher> {
    return PieceCipher.of(content, { realm: this.realm, id, path, format, compression });
  }

  #cipherOf(header: RecordHeader, { realm, id }: EncryptionFacts, { content }: ValueKeys): Awaitable<PieceCipher> {
    const { key: path, format, compression } = header;
    return PieceCipher.of(content, { realm, id, path, format, compression });
  }

  #underActive(): NewKeys {
    return new NewKeys(this.#active(), this.realm, this.#random);
  }

  #active(): MasterKey {
    return this.#known(this.#keys.active) ?? missing(this.provider, this.#keys.active);
  }

  #known(id: string): MasterKey | undefined {
    return this.#keys.keys.find((key) => key.id === id);
  }

  /** Another process may have made it since the keys were loaded. */
  #masterKey(id: string): Awaitable<MasterKey> {
    return this.#known(id) ?? this.#found(id);
  }

  async #found(id: string): Promise<MasterKey> {
    // A load that is under way may have looked before the key was made.
    await this.#loading;
    const known = this.#known(id);
    if (known !== undefined) return known;
    await this.#reload();
    return this.#known(id) ?? missing(this.provider, id);
  }

  #reload(): Promise<void> {
    this.#loading ??= this.ask(() => this.provider.load()).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  #use(keys: MasterKeys): void {
    this.#keys = checkKeys(this.provider, keys);
    this.#newKeys = this.#underActive();
  }
}

/** What decoding has to know of a value once it is decrypted. */
function openedHeader({ encryption: _, ...header }: RecordHeader): RecordHeader {
  return { ...header, storedSize: openedSize(header.storedSize) ?? 0 };
}

function unsigned(header: RecordHeader): UnsignedHeader {
  const { mac: _mac, ...encryption } = header.encryption as EncryptionHeader;
  return { ...header, encryption };
}

/** The fields that a collection indexes are data. */
function withoutData({ fields: _fields, ...marks }: CollectionMarks): CollectionMarks {
  return marks;
}

function otherRealm(found: string, own: string): StorageError {
  const [of, opened] = [found, own].map((realm) => JSON.stringify(realm));
  return new StorageError(
    "DECRYPT_FAILED",
    `the stored value is of the realm ${of}, and this storage was opened for ${opened}: open it for the realm of the value`,
  );
}

function missing({ name }: KeyProvider, id: string): never {
  throw new StorageError(
    "KEY_MISSING",
    `the key ${JSON.stringify(id)} is not among those of ${name}: put it back there`,
  );
}
