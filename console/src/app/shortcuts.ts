import { useEffect, useRef } from 'react';
import { letterKeys } from './preferences';

/** Keys a page answers to: `/`, `n`, `?`, or two after each other as in `g m`. */
export type Shortcuts = Record<string, () => void>;

const PAIR_MS = 1200;

/**
 * Listens for keys while the component is mounted. They do nothing in text fields, while a dialog or menu is
 * open, together with Ctrl, Alt or ⌘, and when the person switched them off.
 */
export function useShortcuts(shortcuts: Shortcuts): void {
  const current = useRef(shortcuts);
  useEffect(() => {
    current.current = shortcuts;
  });
  useEffect(() => {
    let first = '';
    let pressedAt = 0;
    const onKey = (event: KeyboardEvent) => {
      if (isForSomethingElse(event)) return;
      const pair = event.timeStamp - pressedAt < PAIR_MS ? `${first} ${event.key}` : '';
      const action = current.current[pair] ?? current.current[event.key];
      first = event.key;
      pressedAt = event.timeStamp;
      if (!action) return;
      first = '';
      event.preventDefault();
      action();
    };
    globalThis.addEventListener('keydown', onKey);
    return () => globalThis.removeEventListener('keydown', onKey);
  }, []);
}

function isForSomethingElse(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || letterKeys.get() === 'off') return true;
  const target = event.target;
  if (target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))) return true;
  return document.querySelector('[role=dialog], [role=menu], [role=listbox]') !== null;
}
