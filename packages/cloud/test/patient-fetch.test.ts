import { patientFetch } from "@holdfast/cloud";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Answers one status after the other, the last for ever. */
function answering(...answers: [status: number, retryAfter?: string][]) {
  let calls = 0;
  return vi.fn(async () => {
    const [status, retryAfter] = answers[Math.min(calls++, answers.length - 1)] ?? [200];
    return new Response(String(calls), {
      status,
      headers: retryAfter === undefined ? {} : { "retry-after": retryAfter },
    });
  });
}

it.each([
  ["seconds", "2", 2_000],
  ["a date", "Thu, 01 Jan 2026 00:00:02 GMT", 2_000],
  ["a date that has passed", "Wed, 31 Dec 2025 00:00:00 GMT", 0],
])("waits as long as it is asked to, in %s", async (_, retryAfter, wait) => {
  for (const status of [429, 503]) {
    vi.setSystemTime(Date.UTC(2026, 0, 1));
    const inner = answering([status, retryAfter], [200]);
    const answer = patientFetch(inner)("http://example.com", { method: "POST", body: "{}" });
    await vi.advanceTimersByTimeAsync(Math.max(0, wait - 1));
    expect(inner).toHaveBeenCalledTimes(wait === 0 ? 2 : 1);
    await vi.advanceTimersByTimeAsync(1);
    expect((await answer).status).toBe(200);
  }
});

it.each([
  ["nobody asks to wait", [[429], [200]], undefined],
  ["the wait is too long", [[429, "31"], [200]], undefined],
  ["the answer is another", [[500, "1"], [200]], undefined],
  ["the wait is no time", [[429, "soon"], [200]], undefined],
  ["a stream was sent", [[429, "1"], [200]], new ReadableStream()],
] as [string, [number, string?][], BodyInit | undefined][])(
  "hands the answer on where %s",
  async (_, answers, body) => {
    const inner = answering(...answers);
    const { status } = await patientFetch(inner)("http://example.com", { method: "POST", body: body ?? "{}" });
    expect([status, inner.mock.calls.length]).toEqual([answers[0]?.[0], 1]);
  },
);

it("gives up in the end", async () => {
  const inner = answering([429, "1"]);
  const answer = patientFetch(inner)("http://example.com");
  await vi.advanceTimersByTimeAsync(10_000);
  expect([(await answer).status, inner.mock.calls.length]).toEqual([429, 3]);
});

it("stops waiting when its signal fires", async () => {
  const controller = new AbortController();
  const inner = answering([429, "10"], [200]);
  const answer = patientFetch(inner)("http://example.com", { signal: controller.signal });
  const refused = expect(answer).rejects.toThrow("enough");
  await vi.advanceTimersByTimeAsync(100);
  controller.abort(new Error("enough"));
  await refused;
  await vi.advanceTimersByTimeAsync(20_000);
  expect(inner).toHaveBeenCalledTimes(1);
});
