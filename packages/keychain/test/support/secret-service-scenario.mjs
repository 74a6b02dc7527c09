// Runs in a process of its own, in the session that the test has made for it. Prints what happened as one line of JSON.
import { credentials } from "@holdfast/keychain";
import { osKeychain, osSecrets } from "@holdfast/keychain/node";

const service = process.argv[2] ?? "holdfast-test";

async function outcome(work) {
  try {
    return { value: await work() };
  } catch (error) {
    return { code: error.code, message: error.message };
  }
}

const hex = (material) => Buffer.from(material).toString("hex");

process.stdout.write(
  `${JSON.stringify(
    await outcome(async () => {
      const first = await osKeychain({ service }).load();
      const again = await osKeychain({ service }).load();
      const added = await osKeychain({ service }).add();
      const removed = await osKeychain({ service }).remove(first.active);
      const all = credentials(osSecrets({ service }));
      await all.set("github/ann", "tökén");
      await all.set("github/bob", "other");
      await all.set("mail", "third");
      const found = await all.find("github");
      return {
        same: first.active === again.active && hex(first.keys[0].material) === hex(again.keys[0].material),
        added: added.keys.map(({ id }) => id).length,
        removed: removed.keys.map(({ id }) => id),
        active: removed.active,
        names: await all.names(),
        found: found.map(({ name, secret }) => [name, secret.reveal()]),
        gone: [await all.delete("mail"), await all.delete("mail")],
        // That they are where other programs look for them, and not in the kernel's keyring.
        others: (await osSecrets({ service: `${service}-other` }).names()).length,
      };
    }),
  )}\n`,
);
