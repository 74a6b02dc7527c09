import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * When a part of the component that has the focus is taken off the page, `target` gets it, as soon as it is there: from nowhere, keys
 * would begin at the top again. For the component above what goes, not for that which comes in its place: by then it is gone.
 */
export function useFocusKept(target: RefObject<HTMLElement | null>): void {
  const held = document.activeElement !== document.body;
  const owed = useRef(false);
  useLayoutEffect(() => {
    const lost = (held || owed.current) && document.activeElement === document.body;
    owed.current = lost && target.current === null;
    if (lost) target.current?.focus();
  });
}
