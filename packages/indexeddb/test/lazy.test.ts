import { expect, it } from "vitest";
import { lazily } from "../dist/lazy.js";

it("loads once, and only what was asked for", async () => {
  let loads = 0;
  const part = lazily(async () => ++loads);
  expect(await part.asked()).toBeUndefined();
  expect(await Promise.all([part.get(), part.get()])).toEqual([1, 1]);
  expect(await part.asked()).toBe(1);
});

it("loads again what could not be loaded", async () => {
  const answers = [() => Promise.reject(new TypeError("offline")), async () => "there"];
  const part = lazily(async () => answers.shift()?.());
  const [first, second] = await Promise.allSettled([part.get(), part.get()]);
  expect([first.status, second.status]).toEqual(["rejected", "rejected"]);
  expect(await part.asked()).toBeUndefined();
  expect(await part.get()).toBe("there");
});
