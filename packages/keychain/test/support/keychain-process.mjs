// A process in a session with a keychain, whose providers of keys a test uses from outside. Takes a call as a line of JSON,
// `{ call, service, method, id }`, and answers with one, `{ call, keys }` or `{ call, error }`; ends with its input.
import { createInterface } from "node:readline";
import { osKeychain } from "@holdfast/keychain/node";

const written = ({ active, keys }) => ({
  active,
  keys: keys.map(({ id, material }) => ({ id, material: Buffer.from(material).toString("base64") })),
});

async function answer({ call, service, method, id }) {
  let given;
  try {
    // Each call is that of a newcomer, who has nothing but what the keychain holds.
    given = { keys: written(await osKeychain({ service })[method](id)) };
  } catch ({ code, message }) {
    given = { error: { code, message } };
  }
  process.stdout.write(`${JSON.stringify({ call, ...given })}\n`);
}

// Not one after the other: those that come at once are to meet.
createInterface({ input: process.stdin }).on("line", (line) => void answer(JSON.parse(line)));
