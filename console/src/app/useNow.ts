import { useEffect, useState } from 'react';

const TICK_MS = 30_000;

/** The present moment, renewed twice a minute, for texts such as "3 min ago" and for what has expired. */
export function useNow(): Date {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => setNow(new Date()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
