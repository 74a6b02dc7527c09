/**
 * The most that each package may weigh as it is published, in kB of its packed tarball, with declarations and their docstrings. What a
 * browser loads is held tighter, by tooling/bundle. A package that outgrows its limit has taken up something that its users should know of.
 */
export const LIMITS: Readonly<Record<string, number>> = {
  "@holdfast/cli": 225,
  "@holdfast/cloud": 115,
  "@holdfast/conformance": 412,
  "@holdfast/core": 515,
  "@holdfast/filesystem": 235,
  "@holdfast/indexeddb": 112,
  "@holdfast/keychain": 60,
  "@holdfast/memory": 30,
  "@holdfast/sqlite": 145,
  holdfast: 130,
};
