import { forkPeer, parentChannel } from "@holdfast/conformance/node";
import { expect, it } from "vitest";

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
