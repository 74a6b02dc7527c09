// Tries the keychain of this machine, for the systems on which no test runs: docs/encryption.md says how. Takes away what it put there.
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { keyringOf, openStorage } from "@holdfast/core";
import { credentials, keysIn } from "@holdfast/keychain";
import { keytarSecrets, osSecrets } from "@holdfast/keychain/node";
import { createMemoryStore, memory } from "@holdfast/memory";

const places = { os: osSecrets, keytar: keytarSecrets };
const place = places[process.argv[2] ?? "os"];
const service = `holdfast-try-${randomUUID()}`;
/** A new one each time, as another process has it. */
const open = () => place({ service });
const store = createMemoryStore();
const encrypted = () => openStorage(memory({ store }), { encryption: { keys: keysIn(open()) } });
const all = () => credentials(open());

const steps = [
  ["a service that nobody has used is empty", () => open().names(), []],
  [
    "a first master key is made, and found again",
    async () => {
      const [first, again] = [await keysIn(open()).load(), await keysIn(open()).load()];
      return [first.keys.length, again.active === first.active, isDeepStrictEqual(again.keys, first.keys)];
    },
    [1, true, true],
  ],
  [
    "what it encrypts is read with it",
    async () => {
      await (await encrypted()).save("note", "hush");
      return (await encrypted()).load("note");
    },
    "hush",
  ],
  [
    "a rotation makes a second key, and the first is forgotten",
    async () => {
      const [storage, former] = [await encrypted(), (await keysIn(open()).load()).active];
      const { ok } = await keyringOf(storage).rotate();
      const both = (await keysIn(open()).load()).keys.length;
      await keyringOf(storage).retire(former);
      return [ok, both, (await keysIn(open()).load()).keys.length, await (await encrypted()).load("note")];
    },
    [true, 2, 1, "hush"],
  ],
  [
    "credentials of any letters are kept, listed and found by service",
    async () => {
      for (const [name, secret] of [
        ["github/ann", "tökén"],
        ["github/bob", "other"],
        ["mail", "x".repeat(1_000)],
      ]) {
        await all().set(name, secret);
      }
      const found = await all().find("github");
      return [
        await all().names(),
        found.map(({ secret }) => secret.reveal()),
        (await all().get("mail")).secret.reveal().length,
      ];
    },
    [["github/ann", "github/bob", "mail"], ["tökén", "other"], 1_000],
  ],
  ["another app does not see them", () => place({ service: `${service}-other` }).names(), []],
  [
    "what is deleted is gone, and was there once",
    async () => {
      const outcome = [await all().delete("mail"), await all().delete("mail")];
      return [outcome, await all().get("mail")];
    },
    [[true, false], undefined],
  ],
];

if (place === undefined) {
  process.stderr.write(`usage: try-os-keychain.mjs [${Object.keys(places).join(" | ")}]\n`);
  process.exit(2);
}
let failed = 0;
try {
  for (const [what, work, expected] of steps) {
    const found = await work();
    const isRight = isDeepStrictEqual(found, expected);
    if (!isRight) failed++;
    process.stdout.write(isRight ? `ok      ${what}\n` : `FAILED  ${what}: ${JSON.stringify(found)}\n`);
  }
} catch (error) {
  failed++;
  process.stdout.write(`FAILED  ${error.code ?? "error"}: ${error.message}\n`);
} finally {
  const left = await open()
    .names()
    .catch(() => []);
  for (const name of left) await open().delete(name);
}
process.stdout.write(
  failed === 0
    ? `all ${steps.length} are right on ${process.platform}, and nothing is left behind\n`
    : `${failed} failed\n`,
);
process.exitCode = failed === 0 ? 0 : 1;
