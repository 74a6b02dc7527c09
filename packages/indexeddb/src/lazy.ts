/** What is loaded when it is first asked for. */
export interface Lazy<T> {
  /** What could not be loaded, without a network for example, is asked for again by the next call. */
  get(): Promise<T>;
  /** What somebody has asked for, if it could be loaded. */
  asked(): Promise<T | undefined>;
}

export function lazily<T>(load: () => Promise<T>): Lazy<T> {
  let loading: Promise<T> | undefined;
  return {
    get() {
      if (loading === undefined) {
        loading = load();
        loading.catch(() => {
          loading = undefined;
        });
      }
      return loading;
    },
    asked: async () => loading?.catch(() => undefined),
  };
}
