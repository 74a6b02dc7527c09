import { SeededRandom } from "@holdfast/conformance";

const SYLLABLES =
  "ba be bo da de do fa fe ga go ka ke ko la le lo ma me mo na ne no pa pe ra re ro sa se ta te to va ve".split(" ");
const VOCABULARY = 8_000;

const words = makeWords();

/** A word by how common it is, from 0 on. */
export function commonWord(rank: number): string {
  return words[rank % VOCABULARY] ?? "";
}

/** Words as often as in a language: the second half as often as the first, and so on (Zipf's law). */
export function sentence(random: SeededRandom, length: number): string {
  return Array.from({ length }, () => commonWord(Math.floor(VOCABULARY ** random.fraction()) - 1)).join(" ");
}

function makeWords(): string[] {
  const random = new SeededRandom(2026);
  const made = new Set<string>();
  while (made.size < VOCABULARY) {
    const syllables = 2 + random.below(3);
    made.add(Array.from({ length: syllables }, () => SYLLABLES[random.below(SYLLABLES.length)]).join(""));
  }
  return [...made];
}
