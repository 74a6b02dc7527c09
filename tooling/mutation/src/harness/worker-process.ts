import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, PlannedTest, Request, Verdict, WorkerSettings } from "./messages.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));
// For loading, and beside the limit of each test: a process that is stuck cannot count its own time.
const LOADING = 60_000;
const GRACE = 2_000;

type Surveyed = Extract<Answer, { type: "surveyed" }>;

/** One worker, started anew whenever it is of no more use. */
export class WorkerProcess {
  readonly #settings: WorkerSettings;
  #child: ChildProcess | undefined;

  constructor(settings: WorkerSettings) {
    this.#settings = settings;
  }

  async survey(): Promise<Surveyed> {
    const answer = await this.#ask({ type: "survey" }, 20 * LOADING);
    if (answer.type !== "surveyed") throw new Error(`no survey: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Runs the tests with the mutant until one fails. A mutant that breaks the process is killed by it. */
  async attempt(mutant: number, tests: readonly PlannedTest[]): Promise<Verdict> {
    const answer = await this.#ask({ type: "try", mutant, tests }, LOADING);
    if (answer.type === "broken") {
      this.stop();
      return { status: answer.reason === "timed out" ? "timed out" : "killed", by: answer.reason };
    }
    if (answer.type !== "verdict") throw new Error(`no verdict: ${answer.type}`);
    if (answer.verdict.spoilt) this.stop();
    return answer.verdict;
  }

  stop(): void {
    if (this.#child === undefined) return;
    running.delete(this.#child);
    this.#child.kill("SIGKILL");
    this.#child = undefined;
  }

  /** The last answer; `broken` when the process ends or outlasts its limit. */
  async #ask(request: Request, limit: number): Promise<Answer> {
    const fresh = this.#child === undefined;
    const child = this.#child ?? start(this.#settings);
    this.#child = child;
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      let outlasted: NodeJS.Immediate | undefined;
      const stopWaiting = () => {
        clearTimeout(timer);
        clearImmediate(outlasted);
      };
      const waitFor = (time: number) => {
        stopWaiting();
        timer = setTimeout(() => {
          // Where this process stood still, the answer may have come in time and not been read: that is next.
          outlasted = setImmediate(() => end({ type: "broken", reason: "timed out" }));
        }, time);
      };
      const end = (answer: Answer) => {
        stopWaiting();
        child.off("message", onMessage);
        child.off("exit", onExit);
        resolve(answer);
      };
      const onExit = () => end({ type: "broken", reason: "the process ended" });
      const onMessage = (answer: Answer) => {
        if (answer.type === "ready") {
          child.send(request);
        } else if (answer.type === "begin") {
          waitFor(answer.limit + GRACE);
        } else {
          end(answer);
        }
      };
      child.on("message", onMessage);
      child.on("exit", onExit);
      waitFor(limit);
      if (!fresh) child.send(request);
    });
  }
}

// A worker that is stuck in a loop would not notice that its parent is gone.
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function start(settings: WorkerSettings): ChildProcess {
  const child = fork(WORKER, [JSON.stringify(settings)], {
    // Tests use what Node must transform, such as parameter properties.
    execArgv: ["--experimental-transform-types", "--disable-warning=ExperimentalWarning", "--max-old-space-size=1024"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  running.add(child);
  return child;
}
