/** Readings of something that changes: the newest counts, whichever is done last. */
export interface Newest {
  /** Begins another one. */
  again(): void;
  /** None counts any more. */
  end(): void;
}

/**
 * `show` is called with what `read` resolves to. While it resolves to undefined, having met something that was about to go, it is
 * called again, unless a newer one has begun. `read` never rejects.
 */
export function newest<T extends object>(read: () => Promise<T | undefined>, show: (result: T) => void): Newest {
  let latest = 0;
  const run = async () => {
    const mine = ++latest;
    let result: T | undefined;
    while (result === undefined && mine === latest) result = await read();
    if (result !== undefined && mine === latest) show(result);
  };
  return {
    again: () => void run(),
    end() {
      latest++;
    },
  };
}
