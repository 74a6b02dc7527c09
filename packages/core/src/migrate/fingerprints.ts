import type { RecordHeader } from "../spi/index.js";

const SMALLEST = 1_024;
/** Of a fingerprint in text. */
const DIGITS = 16;

/** Two halves of 32 bits; the first is never 0. */
export type Fingerprint = readonly [high: number, low: number];

/** A set of fingerprints, 8 bytes each. That one which was never added seems to be there has a chance of one in 2^64 for each that was. */
export class Fingerprints {
  /** Open addressing, the two halves of each fingerprint side by side; a first half of 0 is a free place. */
  #places = new Uint32Array(2 * SMALLEST);
  #count = 0;

  /** False for one that was there. */
  add([high, low]: Fingerprint): boolean {
    const place = this.#find(high, low);
    if (this.#places[place] !== 0) return false;
    this.#places[place] = high;
    this.#places[place + 1] = low;
    this.#count++;
    // At most half full, so that a search ends soon.
    if (this.#count * 4 > this.#places.length) this.#grow();
    return true;
  }

  has([high, low]: Fingerprint): boolean {
    return this.#places[this.#find(high, low)] !== 0;
  }

  /** The place that holds it, or the free one where it would go. */
  #find(high: number, low: number): number {
    const places = this.#places;
    const last = places.length / 2 - 1;
    for (let at = low & last; ; at = (at + 1) & last) {
      const place = at * 2;
      if (places[place] === 0 || (places[place] === high && places[place + 1] === low)) return place;
    }
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Uint32Array(old.length * 2);
    for (let place = 0; place < old.length; place += 2) {
      const [high = 0, low = 0] = old.subarray(place, place + 2);
      if (high === 0) continue;
      const free = this.#find(high, low);
      this.#places[free] = high;
      this.#places[free + 1] = low;
    }
  }
}

/** Two independent hashes of 32 bits, mixed as in MurmurHash3 (public domain). */
export function fingerprint(text: string): Fingerprint {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    a = Math.imul(a ^ unit, 0xcc9e2d51);
    a = (a << 15) | (a >>> 17);
    b = Math.imul(b ^ unit, 0x1b873593);
    b = (b << 13) | (b >>> 19);
  }
  return of(a ^ Math.imul(b, 0x38b34ae5), b ^ Math.imul(a, 0xa1e38b93));
}

/** The fingerprint of a pair, in this order. */
export function joined([a, b]: Fingerprint, [c, d]: Fingerprint): Fingerprint {
  return of(Math.imul(a, 0x38b34ae5) ^ c, Math.imul(b, 0xa1e38b93) ^ d);
}

/** Of what stands in a store. */
export function placeMark({ key, version, created }: Pick<RecordHeader, "key" | "version" | "created">): Fingerprint {
  return fingerprint(`${key}\0${version}\0${created}`);
}

/** As text for `restored`: the same number of digits for each. */
export function written(fingerprints: readonly Fingerprint[]): string {
  return fingerprints.map((halves) => halves.map(digits).join("")).join("");
}

/** Undefined for what `written` did not make. */
export function restored(text: string): Fingerprint[] | undefined {
  if (text.length % DIGITS !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  const halves = (at: number): Fingerprint => {
    const middle = at + DIGITS / 2;
    return [Number.parseInt(text.slice(at, middle), 16), Number.parseInt(text.slice(middle, at + DIGITS), 16)];
  };
  return Array.from({ length: text.length / DIGITS }, (_, index) => halves(index * DIGITS));
}

function of(high: number, low: number): Fingerprint {
  return [mixed(high) || 1, mixed(low)];
}

function mixed(hash: number): number {
  let bits = hash ^ (hash >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function digits(half: number): string {
  return half.toString(16).padStart(DIGITS / 2, "0");
}
