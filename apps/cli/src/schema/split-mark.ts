/** What `schema` of an item says: `notes@1.0`. A name may hold an @, a version cannot. */
export function splitMark(schema: string): { name: string; version: string } {
  const at = schema.lastIndexOf("@");
  return { name: schema.slice(0, at), version: schema.slice(at + 1) };
}
