import { useSyncExternalStore } from 'react';

let message = '';
const listeners = new Set<() => void>();

/** Says something politely to screen readers: results of copying, counts after filtering, ends of answers. */
export function announce(text: string): void {
  // A trailing space makes a repeated message a change, so that it is read again.
  message = text === message ? `${text} ` : text;
  for (const listener of listeners) listener();
}

/** The one live region of the page; it stands in the shell. */
export function LiveRegion() {
  const text = useSyncExternalStore(subscribe, () => message);
  return (
    <div role="status" aria-live="polite" className="sr-only">
      {text}
    </div>
  );
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
