/** From the page: a note to keep. */
export interface NoteToAdd {
  readonly text: string;
}

/** From the worker: all notes, whenever they have changed. */
export type AllNotes = readonly string[];
