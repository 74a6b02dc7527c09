/** One thing that doctor looked at. */
export interface Check {
  name: string;
  /** `warn`: works, and could be better; `fail`: does not work. */
  status: "ok" | "warn" | "fail";
  detail: string;
  /** What to do about it. */
  advice?: string;
}
