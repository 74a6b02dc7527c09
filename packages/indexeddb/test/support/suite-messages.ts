export interface CaseRequest {
  /** The names of the groups and of the case. */
  readonly path: string;
  readonly seed: number | undefined;
}

export interface CaseAnswer {
  readonly path: string;
  readonly known: boolean;
  readonly failure: string | undefined;
}
