import { shortId } from '../format/figures';
import { formatCost, formatExact, type Usd } from '../format/money';
import { formatDay, formatIso, formatTime, parseTime } from '../format/time';
import { CopyIcon } from './copy';

type TimeProps = { at: string | null | undefined; otherwise?: string; day?: boolean };

/** A point in time, relative within a day, with `day` only its date beyond; ISO 8601 on hover. */
export function Time({ at, otherwise = '—', day = false }: TimeProps) {
  const time = parseTime(at);
  if (!time) return <>{otherwise}</>;
  return (
    <time dateTime={time.toISOString()} title={formatIso(time)} className="whitespace-nowrap">
      {day ? formatDay(time) : formatTime(time)}
    </time>
  );
}

/** An amount charged; every digit on hover. */
export function Cost({ amount }: { amount: Usd }) {
  return <span title={formatExact(amount)}>{formatCost(amount)}</span>;
}

/** An identifier, cut in the middle, with a copy button; the full value on hover. */
export function Ident({ id, what, short = true }: { id: string; what: string; short?: boolean }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <span className="ident truncate" title={id}>
        {short ? shortId(id) : id}
      </span>
      <CopyIcon text={id} what={what} className="-my-1.5" />
    </span>
  );
}

/** How something stands: a dot and a word, never the colour alone. */
export function Status({ tone, children }: { tone: 'ok' | 'warn' | 'bad' | 'off'; children: string }) {
  const colour = { ok: 'text-ok', warn: 'text-warn', bad: 'text-bad', off: 'text-muted' }[tone];
  return (
    <span className={`inline-flex items-center gap-1.5 whitespace-nowrap ${colour}`}>
      <svg aria-hidden="true" width="8" height="8" viewBox="0 0 8 8">
        {tone === 'off' ? (
          <circle cx="4" cy="4" r="3" fill="none" stroke="currentColor" strokeWidth="1.5" />
        ) : (
          <circle cx="4" cy="4" r="4" fill="currentColor" />
        )}
      </svg>
      {children}
    </span>
  );
}
