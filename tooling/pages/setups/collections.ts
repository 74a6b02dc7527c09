import * as z from "zod";

export interface V09 {
  text: string;
  author: string;
}

export interface V1 {
  title: string;
  author: string;
}

export const NoteV2 = z.object({ title: z.string(), author: z.object({ name: z.string() }) });
