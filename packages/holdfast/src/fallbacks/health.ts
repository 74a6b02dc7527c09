import type { CancelTimer, Ports } from "@holdfast/core";
import type { CompletePolicy } from "./options.js";

/**
 * Decides when a primary that went away is asked again, and when it counts as back: after several probes in a row, and the later
 * the more often it comes and goes. A library was weighed: see docs/fallbacks.md.
 */
export class Health {
  readonly #policy: CompletePolicy;
  readonly #probe: () => Promise<boolean>;
  readonly #back: () => void;
  readonly #ports: Ports;
  #delay: number;
  #successes = 0;
  #cancel: CancelTimer | undefined;
  /** When it counted as back, in milliseconds of the clock that never goes back. */
  #backSince: number | undefined;
  #stopped = false;

  /** `probe` resolves to whether the primary answers; `back` is called once each time it counts as back. */
  constructor(policy: CompletePolicy, ports: Ports, probe: () => Promise<boolean>, back: () => void) {
    this.#policy = policy;
    this.#ports = ports;
    this.#probe = probe;
    this.#back = back;
    this.#delay = policy.probeDelay;
  }

  /** It went away, or did not stay for the replay. */
  lost(): void {
    const { probeDelay, maxProbeDelay } = this.#policy;
    if (this.#backSince !== undefined) {
      const stayed = this.#elapsed() - this.#backSince;
      this.#delay = stayed >= maxProbeDelay ? probeDelay : Math.min(maxProbeDelay, this.#delay * 2);
      this.#backSince = undefined;
    }
    this.#successes = 0;
    this.#schedule();
  }

  /** For good: also a probe that is under way tells nothing any more. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    this.#cancel?.();
    if (this.#stopped) return;
    this.#cancel = this.#ports.timers.schedule(() => void this.#look(), this.#delay, "background");
  }

  async #look(): Promise<void> {
    this.#cancel = undefined;
    const answered = await this.#probe();
    if (this.#stopped) return;
    if (!answered) {
      this.#successes = 0;
      this.#delay = Math.min(this.#policy.maxProbeDelay, this.#delay * 2);
      this.#schedule();
    } else if (++this.#successes < this.#policy.successes) {
      this.#schedule();
    } else {
      this.#backSince = this.#elapsed();
      this.#back();
    }
  }

  #elapsed(): number {
    const { clock } = this.#ports;
    return clock.elapsed?.() ?? clock.now();
  }
}
