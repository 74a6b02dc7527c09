import { type Harness, plain, replacing, runConformance, themes } from "@holdfast/conformance";
import { forkPeer, parentChannel } from "@holdfast/conformance/node";
import { expect, it } from "vitest";
import { simpleHarness } from "./simple-harness.js";

const DYING = new URL("dying-peer.ts", import.meta.url);

it("starts a script that talks with this process, and ends it at once", async () => {
  const peer = await forkPeer(new URL("echo-peer.ts", import.meta.url), ["of a"]);
  const heard: unknown[] = [];
  const answered = new Promise<void>((resolve) => {
    peer.channel.receive((message) => {
      heard.push(message);
      if (heard.length === 2) resolve();
    });
  });
  peer.channel.send({ question: 1 });
  peer.channel.send({ question: 2 });
  await answered;
  expect(heard).toEqual([
    { of: "of a", question: 1 },
    { of: "of a", question: 2 },
  ]);
  // Resolves once the process is gone.
  await peer.kill();
  expect(await peer.exited).toBe("by SIGKILL");
});

it("tells how a process ended by itself; what is sent to it then is lost", async () => {
  const peer = await forkPeer(DYING);
  expect(await peer.exited).toBe("with code 9");
  peer.channel.send({ question: 1 });
  await peer.kill();
});

it.each([
  ["before it is ready", []],
  ["when it is to open the store", ["open"]],
  ["when it is to save", ["save"]],
  ["while it saves without end", ["saveForEver"]],
])("fails a case at once whose peer dies %s, and says so", async (_, args) => {
  const last = themes.map(({ name, cases }) => ({ name, cases: cases.slice(-1) }));
  const lasting = last.filter(({ name }) => name === "two processes");
  for await (const { error } of runConformance(dying(args), { themes: lasting, modes: [plain] })) {
    expect(String(error)).toBe("ConformanceError: the peer ended with code 9 before it answered");
  }
});

it("has no channel in a process that nobody forked", () => {
  const { send } = process;
  try {
    delete process.send;
    expect(() => parentChannel()).toThrow(/forkPeer/);
  } finally {
    if (send !== undefined) process.send = send;
  }
});

/** Its adapter is durable, as it says. */
function dying(args: readonly string[]): Harness {
  const simple = simpleHarness("dying", (sound) =>
    replacing(sound, { capabilities: { ...sound.capabilities, durability: "process" } }),
  );
  return { ...simple, open: async () => ({ ...(await simple.open()), peer: () => forkPeer(DYING, args) }) };
}
