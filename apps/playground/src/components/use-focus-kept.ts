import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/**
 * When a part of the component that has the focus is taken off the page, `target` gets it: from nowhere, keys would begin at the top
 * again. For the component above what goes, not for that which comes in its place: by then it is gone.
 */
export function useFocusKept(target: RefObject<HTMLElement | null>): void {
  const held = document.activeElement !== document.body;
  useLayoutEffect(() => {
    if (held && document.activeElement === document.body) target.current?.focus();
  });
}
