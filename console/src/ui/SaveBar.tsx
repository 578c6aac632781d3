import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, useEffect, useEffectEvent } from 'react';
import { Button } from './Button';
import { Dialog } from './Dialog';

type Props = {
  /** What the button says, as in "Save as version 3". */
  label: string;
  /** Whether there is something to save. */
  dirty: boolean;
  busy: boolean;
  onSave: () => void;
  onDiscard?: () => void;
  /** Why the last attempt to save came to nothing; where it is shown may be out of sight. */
  failure?: Error | null;
  /** What saving means, or how many changes wait. */
  children: ReactNode;
};

/** The last line of a form, in sight while there is something to save; Ctrl or ⌘ with S presses its button. */
export function SaveBar({ label, dirty, busy, onSave, onDiscard, failure = null, children }: Props) {
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    if (dirty && !busy) onSave();
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    globalThis.addEventListener('keydown', listen);
    return () => globalThis.removeEventListener('keydown', listen);
  }, []);
  useEffect(() => {
    if (failure) showProblem();
  }, [failure]);
  return (
    <div
      className={`-mx-4 flex flex-wrap items-center gap-x-3 gap-y-2 border-t border-line bg-bg px-4 py-3 sm:-mx-6 sm:px-6 ${
        dirty ? 'sticky bottom-14 z-10 sm:bottom-0' : ''
      }`}
    >
      <Button kind="primary" disabled={!dirty || busy} onClick={onSave}>
        {busy ? 'Saving…' : label}
      </Button>
      {onDiscard && dirty && (
        <Button kind="quiet" disabled={busy} onClick={onDiscard}>
          Discard changes
        </Button>
      )}
      <span className={failure ? 'min-w-0 break-words text-bad' : 'text-muted'}>{failure ? `Not saved: ${failure.message}` : children}</span>
      <LeaveGuard dirty={dirty && !busy} />
    </div>
  );
}

/** What a form belongs to: its page and, where the address names one, whose settings it shows. */
function placeOf({ pathname, search }: { pathname: string; search: Record<string, unknown> }): string {
  return `${pathname} ${String(search.view ?? '')}`;
}

/** Brings the first field that is marked as wrong into sight and into focus; without one, the first alert into sight. */
export function showProblem(): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>('main [aria-invalid=true]');
    field?.focus();
    (field ?? document.querySelector('main [role=alert]'))?.scrollIntoView({ block: 'center' });
  });
}

/** Asks before a page with unsaved changes is left. */
export function LeaveGuard({ dirty }: { dirty: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => dirty && placeOf(current) !== placeOf(next),
    enableBeforeUnload: dirty,
    withResolver: true,
  });
  const stay = () => blocker.status === 'blocked' && blocker.reset();
  return (
    <Dialog open={blocker.status === 'blocked'} onClose={stay} title="Leave without saving?">
      <p>What you changed on this page is not saved yet.</p>
      <div className="mt-5 flex flex-wrap justify-end gap-2">
        <Button onClick={stay}>Stay</Button>
        <Button kind="danger" onClick={() => blocker.status === 'blocked' && blocker.proceed()}>
          Leave
        </Button>
      </div>
    </Dialog>
  );
}
