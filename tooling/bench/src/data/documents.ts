import { SeededRandom } from "@holdfast/conformance";
import { commonWord, sentence } from "./words.ts";

/** What is saved: a note of 1 KB of JSON, as an app of notes or tasks would hold it. */
export interface Document {
  readonly key: string;
  readonly data: Note;
  readonly tags: readonly string[];
  readonly metadata: NoteMetadata;
}

type NoteMetadata = {
  readonly title: string;
  readonly author: { readonly name: string };
  readonly stars: number;
};

export type Note = {
  readonly id: number;
  readonly title: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly status: string;
  readonly priority: number;
  readonly due: string | null;
  readonly pinned: boolean;
  readonly progress: number;
  readonly checklist: readonly { readonly text: string; readonly done: boolean }[];
  readonly links: readonly string[];
  readonly text: string;
};

export const POPULATION = 100_000;
const PROJECTS = 500;
const TOPICS = 2_000;
/** How many documents of the population carry one topic. */
export const DOCUMENTS_PER_TOPIC: number = POPULATION / TOPICS;

const DOCUMENT_BYTES = 1024;
const STATUSES = ["draft", "open", "review", "done"];
const DAY = 24 * 60 * 60 * 1000;
// No common factor with the population: multiplying by it visits every number once, far from the one before.
const STRIDE = 61_803;

/** The same document for the same number, whoever asks. */
function documentOf(number: number): Document {
  const random = new SeededRandom(number + 1);
  const pick = (below: number) => random.below(below);
  const title = sentence(random, 5);
  const name = `${commonWord(1_000 + pick(200))} ${commonWord(2_000 + pick(400))}`;
  const status = STATUSES[pick(STATUSES.length)] ?? "open";
  const note: Note = {
    id: number,
    title,
    author: { name, email: `${name.replace(" ", ".")}@example.com` },
    status,
    priority: pick(5),
    due: random.fraction() < 0.3 ? null : new Date(Date.UTC(2026, 0, 1) + pick(400) * DAY).toISOString(),
    pinned: random.fraction() < 0.1,
    progress: Math.round(random.fraction() * 1000) / 1000,
    checklist: Array.from({ length: 3 }, () => ({ text: sentence(random, 4), done: random.fraction() < 0.5 })),
    links: [keyOf(pick(POPULATION)), keyOf(pick(POPULATION))],
    text: "",
  };
  const room = DOCUMENT_BYTES - JSON.stringify(note).length;
  return {
    key: keyOf(number),
    data: { ...note, text: sentence(random, 120).slice(0, room).padEnd(room, ".") },
    tags: [topicOf(number), status],
    metadata: { title, author: { name }, stars: pick(6) },
  };
}

/** Consecutive numbers lie in different projects, so that writes are spread over the keys as in life. */
export function keyOf(number: number): string {
  const place = (number * STRIDE) % POPULATION;
  const round = Math.floor(number / POPULATION);
  const note = String(place + round * POPULATION).padStart(7, "0");
  return `${projectOf(place % PROJECTS)}note-${note}`;
}

/** A prefix of keys; 200 documents of the population lie below each. */
export function projectOf(project: number): string {
  return `projects/${String(project % PROJECTS).padStart(3, "0")}/`;
}

export function topicOf(number: number): string {
  return `topic-${String(number % TOPICS).padStart(4, "0")}`;
}

/** `count` documents from `start` on. */
export function documentsFrom(start: number, count: number): Document[] {
  return Array.from({ length: count }, (_, index) => documentOf(start + index));
}
