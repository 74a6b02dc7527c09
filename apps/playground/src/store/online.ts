import { type ReadonlySignal, signal } from "@preact/signals";

const online = signal(navigator.onLine);
for (const event of ["online", "offline"]) {
  globalThis.addEventListener(event, () => {
    online.value = navigator.onLine;
  });
}

/** Whether the device believes that it has a network. */
export const isOnline: ReadonlySignal<boolean> = online;
