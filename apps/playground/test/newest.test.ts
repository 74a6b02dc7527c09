import { describe, expect, it } from "vitest";
import { newest } from "../src/store/newest.ts";

interface Shown {
  readonly text: string;
}

/** What is asked for by hand, in the order of asking, and what was shown. */
function readings() {
  const asked: PromiseWithResolvers<Shown | undefined>[] = [];
  const shown: string[] = [];
  const read = () => {
    const reading = Promise.withResolvers<Shown | undefined>();
    asked.push(reading);
    return reading.promise;
  };
  const answer = async (index: number, text: string | undefined) => {
    asked[index]?.resolve(text === undefined ? undefined : { text });
    await new Promise((resolve) => setTimeout(resolve));
  };
  return { asked, shown, answer, reading: newest(read, ({ text }) => shown.push(text)) };
}

describe("of overlapping readings", () => {
  it("the newest counts, whichever is done last", async () => {
    const { reading, shown, answer } = readings();
    reading.again();
    reading.again();
    await answer(1, "new");
    await answer(0, "old");
    expect(shown).toEqual(["new"]);
  });

  it("each counts that was the newest when it was done", async () => {
    const { reading, shown, answer } = readings();
    reading.again();
    await answer(0, "old");
    reading.again();
    await answer(1, "new");
    expect(shown).toEqual(["old", "new"]);
  });

  it("one that met what was about to go is made again, unless there is a newer one", async () => {
    const { reading, asked, shown, answer } = readings();
    reading.again();
    await answer(0, undefined);
    expect(asked).toHaveLength(2);
    reading.again();
    await answer(1, undefined);
    await answer(2, "new");
    expect(asked).toHaveLength(3);
    expect(shown).toEqual(["new"]);
  });

  it("none counts after the end", async () => {
    const { reading, shown, answer } = readings();
    reading.again();
    reading.end();
    await answer(0, "late");
    expect(shown).toEqual([]);
  });
});
