import type { KeyUsage, RotateOptions, RotationReport } from "../contract/keyring.js";
import { abortError, type Operation, toStorageError } from "../engine/failure.js";
import { MOST_LISTED } from "../engine/most-listed.js";
import { ProgressMeter } from "../engine/progress-meter.js";
import { headersBelow } from "../engine/scan.js";
import type { Session } from "../engine/session.js";
import { sizeOf } from "../engine/size-of.js";
import { openSource, writeSource } from "../engine/stored-source.js";
import { sweepRecord } from "../engine/sweep.js";
import type { Vault } from "../engine/vault.js";
import { type ErrorCode, StorageError } from "../errors.js";
import { describeValue } from "../invalid-option.js";
import { BEFORE_ALL_TIME, isLive, type RecordHeader } from "../spi/index.js";

/** A header of a value that needs a master key. */
interface Holder {
  readonly header: RecordHeader & { readonly encryption: object };
  /** Whether it is a kept version. */
  readonly kept: boolean;
}

type Done = "rewrapped" | "rewritten" | "dropped" | "gone";

const PAGE = 1_000;
const EVERYTHING = { prefix: "", after: undefined, limit: Number.MAX_SAFE_INTEGER };
// Other writers may go on under a former key meanwhile; so many times over, nobody gets done.
const MOST_PASSES = 10;
/** What may be wrong with one value, and leaves the others as they are. */
const OF_ONE_VALUE: readonly ErrorCode[] = ["DECRYPT_FAILED", "KEY_MISSING", "CORRUPT", "UNSUPPORTED"];

/** One look at, or one change of, everything that master keys encrypt in a store. */
export class KeyWork {
  readonly #session: Session;
  readonly #vault: Vault;
  readonly #operation: Operation;

  constructor(session: Session, vault: Vault, operation: Operation) {
    this.#session = session;
    this.#vault = vault;
    this.#operation = operation;
  }

  async usage(): Promise<KeyUsage[]> {
    await this.#reload();
    const { active, keys } = this.#vault.keys;
    const blank = { active: false, present: false, items: 0, versions: 0 };
    const used = new Map<string, KeyUsage>(
      keys.map(({ id }) => [id, { ...blank, id, active: id === active, present: true }]),
    );
    for await (const { header, kept } of this.#holders()) {
      const { key: id } = header.encryption;
      const usage = used.get(id) ?? { ...blank, id };
      if (kept) usage.versions++;
      else usage.items++;
      used.set(id, usage);
    }
    return [...used.values()].sort((a, b) => Number(b.active) - Number(a.active) || (a.id < b.id ? -1 : 1));
  }

  rotate(options: RotateOptions | undefined): Promise<RotationReport> {
    return this.#moveAll("rotate", (holder) => this.#rewrap(holder), options);
  }

  reencrypt(options: RotateOptions | undefined): Promise<RotationReport> {
    return this.#moveAll("reencrypt", (holder) => this.#reencrypt(holder), options);
  }

  async retire(id: string): Promise<void> {
    const { provider } = this.#vault;
    const remove = provider.remove?.bind(provider);
    if (remove === undefined) throw setFromOutside(provider.name);
    await this.#reload();
    const { active, keys } = this.#vault.keys;
    if (!keys.some((key) => key.id === id)) {
      throw new StorageError("INVALID_OPTION", `${provider.name} has no key ${describeValue(id)}`);
    }
    if (id === active) {
      throw new StorageError("INVALID_OPTION", `${JSON.stringify(id)} is the active key: rotate() first`);
    }
    for await (const { header, kept } of this.#holders()) {
      if (header.encryption.key !== id) continue;
      const what = kept ? `version ${header.version} of` : "the item";
      throw new StorageError(
        "CONFLICT",
        `${JSON.stringify(id)} is needed by ${what} ${JSON.stringify(header.key)}: rotate() first`,
      );
    }
    await this.#vault.ask(() => remove(id));
  }

  /**
   * Moves everything to the active key, in passes: what other writers leave under a former one meanwhile has its turn too. Somebody else may
   * make another key active meanwhile; as soon as this is known, everything is to come under that one, for them as for us.
   */
  async #moveAll(
    name: "rotate" | "reencrypt",
    move: (holder: Holder) => Promise<Done>,
    { resume = false, progress }: RotateOptions = {},
  ): Promise<RotationReport> {
    if (resume) await this.#reload();
    else await this.#addKey();
    const key = () => this.#vault.keys.active;
    const report: RotationReport = { ok: false, key: key(), rewrapped: 0, rewritten: 0, dropped: 0, failures: [] };
    // What is encrypted anew leaves one more kept version behind, so those are no measure of the work.
    const counts = ({ kept }: Holder) => name === "rotate" || !kept;
    const total = progress && (await sizeOf(this.#notUnder(key(), counts)));
    const meter = new ProgressMeter(name, this.#session.ports.clock, progress, total?.items, total);
    const failed = new Set<string>();
    let moved = 1;
    for (let pass = 1; moved > 0 && pass <= MOST_PASSES; pass++) {
      moved = 0;
      if (pass > 1) await this.#reload();
      for await (const holder of this.#holders()) {
        const { header } = holder;
        const place = `${header.version} ${header.key}`;
        if (header.encryption.key === key() || failed.has(place)) continue;
        if (this.#operation.signal?.aborted) throw abortError(this.#operation);
        try {
          const done = await move(holder);
          if (done !== "gone") report[done]++;
        } catch (error) {
          this.#note(report, header, error);
          failed.add(place);
        }
        moved++;
        if (counts(holder)) meter.add(1, header.storedSize);
      }
    }
    await meter.end();
    report.key = key();
    report.ok = failed.size === 0 && moved === 0;
    return report;
  }

  async #addKey(): Promise<void> {
    const { provider } = this.#vault;
    const add = provider.add?.bind(provider);
    if (add === undefined) throw setFromOutside(provider.name);
    await this.#checkOpens();
    await this.#vault.ask(add);
  }

  /**
   * Where nothing of all that is encrypted opens, the store was opened for another realm, or with keys of something else: no key is
   * made for that. Throws what is wrong with the first of them.
   */
  async #checkOpens(): Promise<void> {
    let first: unknown;
    const missing = new Set<string>();
    for await (const { header } of this.#holders()) {
      const { key } = header.encryption;
      if (missing.has(key)) continue;
      try {
        return await this.#vault.authenticate(header);
      } catch (error) {
        if (!StorageError.is(error) || !OF_ONE_VALUE.includes(error.code)) throw error;
        first ??= error;
        // The provider is asked again for each key that it does not have: once is enough.
        if (error.code === "KEY_MISSING") missing.add(key);
      }
    }
    if (first !== undefined) throw first;
  }

  /** What is wrong with one item does not keep the others from their new key. */
  #note(report: RotationReport, { key, version }: RecordHeader, error: unknown): void {
    if (this.#operation.signal?.aborted) throw abortError(this.#operation);
    const failure = toStorageError(error, this.#operation, this.#session.adapter);
    const { code, message } = failure;
    if (!OF_ONE_VALUE.includes(code)) throw failure;
    if (report.failures.length < MOST_LISTED) report.failures.push({ key, version, code, message });
  }

  async #rewrap({ header, kept }: Holder): Promise<Done> {
    const { adapter } = this.#session;
    const { signal } = this.#operation;
    const { encryption } = await this.#vault.rewrap(header);
    if (encryption === undefined) return "gone";
    if (adapter.rewrap !== undefined) {
      const { key, version } = header;
      const done = await this.#session.ask(this.#operation, () =>
        adapter.rewrap?.(key, version, encryption, { signal }),
      );
      return done ? "rewrapped" : "gone";
    }
    if (kept) throw new StorageError("UNSUPPORTED", `${adapter.name} cannot change the key of a version that it keeps`);
    return this.#write(header, (stored) => ({ ...stored, encryption, version: this.#session.versions.next() }), false);
  }

  async #reencrypt({ header, kept }: Holder): Promise<Done> {
    if (!kept) {
      const anew = (stored: RecordHeader) => ({ ...stored, version: this.#session.versions.next() });
      return this.#write(header, anew, true);
    }
    const { key, version } = header;
    const { history } = this.#session.adapter;
    const { signal } = this.#operation;
    await this.#session.ask(this.#operation, () => history?.drop(key, version, { signal }));
    return "dropped";
  }

  /** Writes a standing item anew, unless somebody else just has. */
  async #write(
    stored: RecordHeader,
    headerFor: (header: RecordHeader) => RecordHeader,
    reencrypt: boolean,
  ): Promise<Done> {
    const session = this.#session;
    const { key, storedSize, version } = stored;
    const source = await openSource(session, this.#operation, { key, version: undefined, storedSize }, session);
    if (source === undefined) return (await this.#sweep(stored)) ? "dropped" : "gone";
    try {
      session.versions.observe(version);
      await writeSource(session, this.#operation, source, headerFor, version, { reencrypt });
      return "rewritten";
    } catch (error) {
      if (StorageError.is(error, "CONFLICT")) return "gone";
      throw error;
    }
  }

  /** Of an expired item nothing can be read: it goes, unless somebody has just written it anew. */
  async #sweep(header: RecordHeader): Promise<boolean> {
    const isExpired = !isLive(header, this.#session.now());
    return isExpired && sweepRecord(this.#session, this.#operation, header);
  }

  /** What is encrypted under another key than this. */
  async *#notUnder(key: string, counts: (holder: Holder) => boolean): AsyncGenerator<[RecordHeader]> {
    for await (const holder of this.#holders()) {
      if (holder.header.encryption.key !== key && counts(holder)) yield [holder.header];
    }
  }

  /** Everything that is encrypted, expired or not: standing items, then kept versions. */
  async *#holders(): AsyncGenerator<Holder & { header: { encryption: { key: string } } }> {
    const operation = this.#operation;
    for await (const page of headersBelow(this.#session, operation, EVERYTHING, BEFORE_ALL_TIME)) {
      for (const header of page) if (isEncrypted(header)) yield { header, kept: false };
    }
    const { history } = this.#session.adapter;
    if (history === undefined) return;
    const reading = { now: BEFORE_ALL_TIME, signal: operation.signal };
    for (let after: RecordHeader | undefined; ; ) {
      const range = { after: after && { key: after.key, version: after.version }, limit: PAGE };
      const page = await this.#session.ask(operation, () => history.scan(range, reading));
      for (const header of page) if (isEncrypted(header)) yield { header, kept: true };
      after = page.at(-1);
      if (page.length < PAGE) return;
    }
  }

  #reload(): Promise<void> {
    return this.#vault.ask(() => this.#vault.provider.load());
  }
}

function isEncrypted(header: RecordHeader): header is RecordHeader & Required<Pick<RecordHeader, "encryption">> {
  return header.encryption !== undefined;
}

function setFromOutside(name: string): StorageError {
  return new StorageError(
    "UNSUPPORTED",
    `the keys of ${name} are set from outside: set a new active key beside the old one there, then rotate with "resume"`,
  );
}
