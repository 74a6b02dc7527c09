/** Control+S, and Command+S where that is the custom. */
export function isSave({ key, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return key === "s" && (ctrlKey || metaKey);
}
