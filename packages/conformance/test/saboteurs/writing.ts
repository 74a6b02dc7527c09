import type { JsonObject, JsonValue } from "@holdfast/core";
import { call, laterTurn, onPut, onReadHeader, onWrittenHeader } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const SECOND = 1_000;
const MiB = 2 ** 20;
const replaced = "save replaces the whole item: data, tags, metadata, expiration and format";
const whole = "headers come back whole, with properties that nobody knows yet";
const reads = "adapter: stat, get, list and query";

/** Faults in what is stored. */
export const writingSaboteurs: readonly Saboteur[] = [
  {
    name: "tags added to the old ones",
    story: "Rows of the tag table are inserted and never removed: a document stays public after its tag is gone.",
    caughtBy: { theme: "save and load", case: replaced },
    plant: (sound) => ({
      async put(record, condition, options) {
        const old = await sound.stat(record.header.key, { now: condition.now, ...call });
        const tags = [...new Set([...(old?.tags ?? []), ...record.header.tags])];
        return sound.put({ ...record, header: { ...record.header, tags } }, condition, options);
      },
    }),
  },
  {
    name: "metadata merged instead of replaced",
    story: "A field that the app took out of the metadata comes back with every save.",
    caughtBy: { theme: "save and load", case: replaced },
    plant: (sound) => ({
      async put(record, condition, options) {
        const old = await sound.stat(record.header.key, { now: condition.now, ...call });
        const metadata = { ...old?.metadata, ...record.header.metadata };
        return sound.put({ ...record, header: { ...record.header, metadata } }, condition, options);
      },
    }),
  },
  {
    name: "large bodies overtaken",
    story:
      "A large body is uploaded first; meanwhile the small correction that came after it is saved, and then replaced by the old.",
    caughtBy: {
      theme: "save and load",
      case: "writes of one key that nobody awaits take effect in the order of their calls, large or small",
    },
    plant: (sound) => ({
      async put(record, condition, options) {
        if (record.body.length > MiB) await laterTurn();
        return sound.put(record, condition, options);
      },
    }),
  },
  {
    name: "created lost",
    story: "Every edit makes a note look new, and the list by age is a list by edit.",
    caughtBy: {
      theme: "save and load",
      case: "an overwrite keeps the creation of a living item and moves its modification",
    },
    plant: (sound, store) => ({
      async put(record, condition, options) {
        const { created } = record.header;
        const outcome = await sound.put(record, condition, options);
        if (outcome.outcome !== "written") return outcome;
        const stored = store.records.get(record.header.key);
        if (stored !== undefined)
          store.records.set(record.header.key, { ...stored, header: { ...stored.header, created } });
        return { outcome: "written", header: { ...outcome.header, created } };
      },
    }),
  },
  {
    name: "created of a dead item",
    story: "A session that expired last year lends its date to the one that begins today.",
    caughtBy: { theme: "save and load", case: "a key that has expired is created anew" },
    plant: (sound, store) => ({
      put(record, condition, options) {
        const created = store.records.get(record.header.key)?.header.created ?? record.header.created;
        return sound.put({ ...record, header: { ...record.header, created } }, condition, options);
      },
    }),
  },
  {
    name: "unknown header properties dropped",
    story: "Columns are listed one by one; what a later version adds to the header, such as a cipher, is lost.",
    caughtBy: { theme: reads, case: whole },
    plant: (sound) =>
      onWrittenHeader(sound, (header) => {
        const { key, version, size, storedSize, format, compression, created, modified, expiration } = header;
        const { tags, metadata, checksum } = header;
        return {
          ...{ key, version, size, storedSize, format, compression, created, modified, expiration },
          ...{ tags, metadata, checksum },
        };
      }),
  },
  {
    name: "checksum made anew from what was read",
    story: "Bytes rot on the disk, the adapter computes a checksum that fits them, and nobody ever knows.",
    caughtBy: { theme: reads, case: whole },
    plant: (sound) => ({
      async get(key, options) {
        const record = await sound.get(key, options);
        if (record === undefined) return undefined;
        const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new Uint8Array(record.body)));
        const checksum = Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
        return { ...record, header: { ...record.header, checksum } };
      },
    }),
  },
  {
    name: "NaN turned null",
    story: "Numbers go through a 32-bit column; what does not fit is no number any more, and JSON writes null.",
    caughtBy: { theme: "options", case: "metadata comes back exactly" },
    plant: (sound) => onWrittenHeader(sound, (header) => ({ ...header, metadata: inSingles(header.metadata) })),
  },
  {
    name: "text cut at NUL",
    story: "A driver hands strings to a C library, which reads up to the first zero.",
    caughtBy: { theme: "options", case: "metadata comes back exactly" },
    plant: (sound) =>
      onWrittenHeader(sound, (header) => {
        const cut = (_: string, value: unknown) => (typeof value === "string" ? value.split("\0")[0] : value);
        return { ...header, metadata: JSON.parse(JSON.stringify(header.metadata), cut) as JsonObject };
      }),
  },
  {
    name: "__proto__ lost",
    story: "Metadata is copied by assignment; a property of that name sets the prototype and is not stored.",
    caughtBy: { theme: "options", case: "metadata comes back exactly" },
    plant: (sound) =>
      onReadHeader(sound, (header) => {
        const metadata: JsonObject = {};
        for (const [name, value] of Object.entries(header.metadata)) metadata[name] = value as JsonValue;
        return { ...header, metadata };
      }),
  },
  {
    name: "three-byte text",
    story: "A column of an old character set holds no emoji and stores a question mark instead.",
    caughtBy: { theme: "options", case: "any text makes a tag, and finds exactly what carries it" },
    plant: (sound) =>
      onWrittenHeader(sound, (header) => ({
        ...header,
        tags: header.tags.map((tag) => tag.replace(/[\u{10000}-\u{10ffff}]/gu, "?")),
      })),
  },
  {
    name: "tags in another order",
    story: "Tags come back sorted by the index; the first one, which the app shows as the category, is another.",
    caughtBy: { theme: "options", case: "tags come back once each, in the order in which they were given" },
    plant: (sound) => onReadHeader(sound, (header) => ({ ...header, tags: [...header.tags].sort() })),
  },
  {
    name: "instants in whole seconds",
    story: "A date column without fractions: two edits within one second cannot be told apart.",
    caughtBy: { theme: "edges", case: "instants are kept to the millisecond" },
    plant: (sound) =>
      onReadHeader(sound, (header) => ({
        ...header,
        created: header.created - (header.created % SECOND),
        modified: header.modified - (header.modified % SECOND),
      })),
  },
  {
    name: "instants in local time",
    story: "Dates are written without a zone and read as local ones: off by hours, but on the build machine.",
    caughtBy: { theme: "save and load", case: "stat, list, scan and search show the item as save returned it" },
    plant: (sound) => onReadHeader(sound, (header) => ({ ...header, created: header.created + 3_600 * SECOND })),
  },
  {
    name: "swallowed error",
    story: "The disk is full, the error is logged, and the save is answered as done.",
    caughtBy: {
      theme: "exactness",
      case: "values of every size come back exactly, whichever way they went in and come out",
    },
    plant: (sound) => ({
      put(record, condition, options) {
        if (record.body.length <= MiB) return sound.put(record, condition, options);
        return { outcome: "written", header: structuredClone(record.header) };
      },
    }),
  },
  {
    name: "short write",
    story: "One call writes fewer bytes than asked, its result is not looked at, and the end of the file is missing.",
    caughtBy: { theme: reads, case: "bodies come back byte for byte, also a part of a larger buffer" },
    plant: (sound) => onPut(sound, (record) => ({ ...record, body: record.body.subarray(0, 65_536) })),
  },
  {
    name: "body cut from a shared buffer",
    story: "The whole buffer below a view is stored: neighbours' bytes, passwords among them, come along.",
    caughtBy: { theme: reads, case: "bodies come back byte for byte, also a part of a larger buffer" },
    plant: (sound) => onPut(sound, (record) => ({ ...record, body: new Uint8Array(record.body.buffer) })),
  },
  {
    name: "empty body lost",
    story: "No bytes are taken for no item: an empty file vanishes.",
    caughtBy: { theme: "streams", case: "an empty source makes an item of no bytes" },
    plant: (sound) => ({
      async get(key, options) {
        const record = await sound.get(key, options);
        return record?.body.length ? record : undefined;
      },
    }),
  },
  {
    name: "shared references",
    story: "A screen sorts the tags that it was given, and the stored item is sorted with them.",
    caughtBy: { theme: reads, case: "what is returned is the caller's to change" },
    plant: (sound, store) => ({ stat: (key) => store.records.get(key)?.header, get: (...args) => sound.get(...args) }),
  },
  {
    name: "delete that always answers true",
    story: "The statement ran, so something was deleted: the app says so of a document that never was.",
    caughtBy: {
      theme: "save and load",
      case: "delete removes the item from every view and tells whether something was there",
    },
    plant: (sound) => ({
      async delete(key, condition, options) {
        const outcome = await sound.delete(key, condition, options);
        return outcome.outcome === "absent" ? { outcome: "deleted" } : outcome;
      },
    }),
  },
];

function inSingles(metadata: Readonly<JsonObject>): JsonObject {
  const text = JSON.stringify(metadata, (_, value: unknown) =>
    typeof value === "number" ? Math.fround(value) : value,
  );
  return JSON.parse(text) as JsonObject;
}
