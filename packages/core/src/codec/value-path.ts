/** Property names and array indexes from the value to a place inside it. */
type ValuePath = readonly (string | number)[];

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const MOST_SHOWN = 32;
const LONGEST_NAME = 80;

/** As code would reach it: `$.author.names[3]["first name"]`, where `$` is the value itself. */
export function showPath(path: ValuePath): string {
  const shown = path.slice(0, MOST_SHOWN).map(showStep).join("");
  return path.length > MOST_SHOWN ? `$${shown}…` : `$${shown}`;
}

function showStep(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  if (IDENTIFIER.test(step) && step.length <= LONGEST_NAME) return `.${step}`;
  return `[${JSON.stringify(step.length > LONGEST_NAME ? `${step.slice(0, LONGEST_NAME)}…` : step)}]`;
}
