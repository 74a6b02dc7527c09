/** RFC 8785: names in the order of their UTF-16 units, no white space. Of JSON values; properties that are undefined are absent. */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  let members = "";
  // By their UTF-16 units, as strings are sorted.
  for (const name of Object.keys(value).sort()) {
    const part: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (part === undefined) continue;
    if (members !== "") members += ",";
    members += `${JSON.stringify(name)}:${canonicalJson(part)}`;
  }
  return `{${members}}`;
}
