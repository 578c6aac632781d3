import { useEffect, useState } from 'react';
import { announce } from './announce';
import { Button, type ButtonKind, IconButton } from './Button';
import { Icon } from './icons';

const FEEDBACK_MS = 2000;

/**
 * Puts text on the clipboard and says so. Returns whether it worked. Browsers offer the clipboard interface on
 * secure origins only, so a console reached over plain HTTP takes the older way through a selection.
 */
export async function copyText(text: string, what: string): Promise<boolean> {
  const done = (await writeClipboard(text)) || copySelection(text);
  announce(done ? `${what} copied` : `${what} could not be copied; select it and copy by hand`);
  return done;
}

async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function copySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.readOnly = true;
  area.className = 'sr-only';
  // Inside an open dialog the focus may not leave it, so the text has to be selected there.
  const host = document.activeElement?.closest('[role=dialog]') ?? document.body;
  host.append(area);
  area.select();
  const done = document.execCommand?.('copy') ?? false;
  area.remove();
  return done;
}

function useCopied(): [boolean | null, (done: boolean) => void] {
  const [copied, setCopied] = useState<boolean | null>(null);
  useEffect(() => {
    if (copied === null) return;
    const timer = setTimeout(() => setCopied(null), FEEDBACK_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, setCopied];
}

/** A small button that copies `text`; `what` names it, as in "Copy model id". */
export function CopyIcon({ text, what, className }: { text: string; what: string; className?: string }) {
  const [copied, setCopied] = useCopied();
  return (
    <IconButton
      label={`Copy ${what}`}
      className={className}
      onClick={async () => setCopied(await copyText(text, what))}
    >
      <Icon name={copied ? 'check' : copied === false ? 'warn' : 'copy'} className={copied ? 'text-ok' : ''} />
    </IconButton>
  );
}

/** A full-size button that copies `text` and says for two seconds that it did. */
export function CopyButton({ text, what, kind = 'secondary' }: { text: string; what: string; kind?: ButtonKind }) {
  const [copied, setCopied] = useCopied();
  return (
    <Button kind={kind} onClick={async () => setCopied(await copyText(text, what))}>
      <Icon name={copied ? 'check' : 'copy'} />
      {copied ? 'Copied' : copied === false ? 'Copy by hand' : 'Copy'}
      <span className="sr-only"> {what}</span>
    </Button>
  );
}

/** Code with a copy button; scrolls sideways inside its own labelled region. */
export function CodeBlock({ code, what }: { code: string; what: string }) {
  return (
    <div className="relative rounded-card border border-line bg-sunken">
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <pre tabIndex={0} role="region" aria-label={what} className="overflow-x-auto p-4 pr-14 text-mono">
        <code>{code}</code>
      </pre>
      <CopyIcon text={code} what={what} className="absolute top-2 right-2 bg-sunken" />
    </div>
  );
}
