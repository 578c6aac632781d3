import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** This close to the end of the page counts as being there, in CSS pixels. */
const NEAR = 80;

/**
 * Keeps the end of the page in view while `progress` changes (null: nothing to follow yet), until the reader scrolls up. `jump` goes to the end and
 * follows again.
 */
export function useFollow(progress: string | null) {
  const [isFollowing, setFollowing] = useState(true);
  const lastTop = useRef(0);
  const toEnd = useCallback(() => globalThis.scrollTo({ top: document.documentElement.scrollHeight }), []);
  useEffect(() => {
    const onScroll = () => {
      const top = globalThis.scrollY;
      const isNear = document.documentElement.scrollHeight - globalThis.innerHeight - top < NEAR;
      if (isNear) setFollowing(true);
      else if (top < lastTop.current) setFollowing(false);
      lastTop.current = top;
    };
    globalThis.addEventListener('scroll', onScroll, { passive: true });
    return () => globalThis.removeEventListener('scroll', onScroll);
  }, []);
  useLayoutEffect(() => {
    if (isFollowing && progress !== null) toEnd();
  }, [progress, isFollowing, toEnd]);
  const jump = useCallback(() => {
    setFollowing(true);
    toEnd();
  }, [toEnd]);
  return { isFollowing, jump };
}
