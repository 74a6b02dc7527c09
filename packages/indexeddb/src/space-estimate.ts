/** What the browser says of the room for this site. */
export interface SpaceEstimate {
  /** Bytes that this site has stored, by whatever means. */
  readonly usage: number;
  /** Bytes that it may store. */
  readonly quota: number;
}
