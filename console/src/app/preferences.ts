import { useSyncExternalStore } from 'react';

/** Light or dark by the operating system, or by choice. */
export type Theme = 'system' | 'light' | 'dark';

const listeners = new Set<() => void>();

/**
 * A preference kept in this browser under `portolan.<name>`, shared by every component that uses it.
 * Where storage is blocked it lasts as long as the page.
 */
function preference<T extends string>(name: string, values: readonly T[], fallback: T, apply?: (value: T) => void) {
  const key = `portolan.${name}`;
  let current = values.find((value) => value === readItem(key)) ?? fallback;
  return {
    get: () => current,
    set(value: T) {
      current = value;
      writeItem(key, value);
      apply?.(value);
      for (const listener of listeners) listener();
    },
  };
}

const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** The chosen theme. `/theme.js` reads the same entry before the first paint. */
export const theme = preference<Theme>('theme', themes, 'system', (value) => {
  if (value === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = value;
});

/** Whether keys without Ctrl or ⌘ do anything (WCAG 2.1.4 asks for the switch). */
export const letterKeys = preference('letter-keys', ['on', 'off'], 'on');

/** Whether the sidebar shows names or icons only. */
export const sidebar = preference('sidebar', ['wide', 'narrow'], 'wide');

/** The present value of a preference, kept up to date. */
export function usePreference<T extends string>(item: { get: () => T }): T {
  return useSyncExternalStore(subscribe, item.get);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function readItem(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function writeItem(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Blocked or full storage costs the memory of a preference, nothing else.
  }
}
