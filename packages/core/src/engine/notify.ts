/** Calls a listener. As with event targets, an error that it throws surfaces as an uncaught one, and whoever tells goes on. */
export function notify<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
