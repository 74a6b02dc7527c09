import { keyedBy } from "./planting.js";
import type { Saboteur } from "./saboteur.js";

const twins = "keys that differ only in case or normal form are different keys";
const naughty = "legal keys come back byte for byte, all of them side by side";

/** Faults in telling keys apart. */
export const keySaboteurs: readonly Saboteur[] = [
  {
    name: "keys folded by case",
    story: "A file system that ignores case: saving readme overwrites README.",
    caughtBy: { theme: "keys", case: twins },
    plant: (sound) => keyedBy(sound, (key) => key.toLowerCase()),
  },
  {
    name: "keys folded by normal form",
    story: "A file system that normalises names: two spellings of é are one file.",
    caughtBy: { theme: "keys", case: twins },
    plant: (sound) => keyedBy(sound, (key) => key.normalize("NFC")),
  },
  {
    name: "keys without their trailing blanks and dots",
    story: "A system that drops them from names: notes. and notes become one.",
    caughtBy: { theme: "keys", case: naughty },
    plant: (sound) => keyedBy(sound, (key) => key.replace(/[ .]+$/, "")),
  },
  {
    name: "keys cut at 255 characters",
    story: "A column that holds no more and does not complain: long keys with one beginning overwrite each other.",
    caughtBy: { theme: "keys", case: naughty },
    plant: (sound) => keyedBy(sound, (key) => key.slice(0, 255)),
  },
  {
    name: "keys escaped ambiguously",
    story: "Awkward letters are all replaced by one: a:b and a?b are the same file.",
    caughtBy: { theme: "keys", case: naughty },
    plant: (sound) => keyedBy(sound, (key) => key.replace(/[:?*"<>|\\]/g, "_")),
  },
];
