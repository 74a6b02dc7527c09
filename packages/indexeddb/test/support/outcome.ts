/** `saved`, or the code of the error. */
export function outcomeOf(saving: Promise<unknown>): Promise<string> {
  return saving.then(
    () => "saved",
    ({ code }) => code,
  );
}
