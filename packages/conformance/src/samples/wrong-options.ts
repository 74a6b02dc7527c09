/** What is wrong, and the options that are. */
export type Refused = readonly [what: string, options: unknown];

// JSON.stringify, String or a template throws for each of them: a message has to show it some other way.
const unshowable: readonly Refused[] = [
  ["a bigint", 1n],
  ["an object that holds itself", holdsItself()],
  ["an object without a prototype", Object.create(null)],
  ["a symbol", Symbol("s")],
];

// Each is wrong for every operation that takes options at all.
export const wrongOptions: readonly Refused[] = [
  ["an unknown option", { tag: ["a"] }],
  ["a misspelt option", { Signal: undefined }],
  ["null", null],
  ["a string", "tags"],
  ["an array", []],
  ["a signal that is none", { signal: { aborted: "no" } }],
  ["a signal that is a string", { signal: "stop" }],
];

export const wrongSaveOptions: readonly Refused[] = [
  ...wrongOptions,
  ["an unknown format", { format: "xml" }],
  ["a format that is no string", { format: 1 }],
  ["a format null", { format: null }],
  ["compress that is no boolean", { compress: "yes" }],
  ["tags that are no array", { tags: "a" }],
  ["a tag that is no string", { tags: ["a", 1] }],
  ["an empty tag", { tags: ["a", ""] }],
  ["a tag with half of a surrogate pair", { tags: ["a\ud83d"] }],
  ["metadata that is an array", { metadata: [] }],
  ["metadata that is a string", { metadata: "a" }],
  ["metadata null", { metadata: null }],
  ["an expiration that is a number", { expiration: 1 }],
  ["an expiration that is a string", { expiration: "2030-01-01" }],
  ["an invalid Date as expiration", { expiration: new Date(Number.NaN) }],
  ...unshowable.map(([what, format]): Refused => [`${what} as format`, { format }]),
];

export const wrongConditions: readonly Refused[] = [
  ["ifVersion that is a number", { ifVersion: 1 }],
  ["ifVersion that is a boolean", { ifVersion: false }],
  ...unshowable.map(([what, ifVersion]): Refused => [`${what} as ifVersion`, { ifVersion }]),
];

export const wrongRanges: readonly Refused[] = [
  ["a negative limit", { limit: -1 }],
  ["a limit that is no whole number", { limit: 1.5 }],
  ["a limit that is NaN", { limit: Number.NaN }],
  ["a limit that is a string", { limit: "5" }],
  ...unshowable.map(([what, limit]): Refused => [`${what} as limit`, { limit }]),
];

export const wrongQueries: readonly Refused[] = [
  ["no object", "text"],
  ["null", null],
  ["an unknown property", { tag: ["a"] }],
  ["text that is no string", { text: 1 }],
  ["tags that are no array", { tags: "a" }],
  ["a tag that is no string", { tags: [1] }],
  ["an unknown field to sort by", { sort: "color" }],
  ["a sort that is no string", { sort: 1 }],
  ["a where that is an array", { where: [] }],
  ["a where that is a string", { where: "a" }],
  ["an unknown comparison", { where: { a: { above: 1 } } }],
  ["gt with a boolean", { where: { a: { gt: true } } }],
  ["gt with an object", { where: { a: { gt: {} } } }],
  ["in that is no array", { where: { a: { in: 1 } } }],
  ["in with an object", { where: { a: { in: [{}] } } }],
  ["exists that is no boolean", { where: { a: { exists: 1 } } }],
  ["a condition that is an array", { where: { a: [1] } }],
  ["a condition that is NaN", { where: { a: Number.NaN } }],
  ...unshowable.flatMap(([what, wrong]): Refused[] => [
    [`${what} as text`, { text: wrong }],
    [`${what} to sort by`, { sort: wrong }],
  ]),
];

export const wrongPages: readonly Refused[] = [
  ...wrongRanges,
  ["a negative offset", { offset: -1 }],
  ["an offset that is a string", { offset: "1" }],
];

function holdsItself(): object {
  const object: { self?: object } = {};
  object.self = object;
  return object;
}
