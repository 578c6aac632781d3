import type { ReactNode } from 'react';
import { asApiError } from '../api/errors';
import { Button } from './Button';
import { CopyIcon } from './copy';
import { Icon } from './icons';

/** A failure in the region it belongs to: the server's words, code, request id, and a way to try again. */
export function ErrorPanel({ error, onRetry, what }: { error: unknown; onRetry?: () => void; what?: string }) {
  const { message, code, requestId, retryAfter } = asApiError(error);
  return (
    <div role="alert" className="rounded-card border border-bad bg-bad-bg p-4 text-text">
      <p className="flex items-start gap-2 font-medium">
        <Icon name="warn" size={20} className="text-bad" />
        <span className="min-w-0 break-words">
          {what ? `${what}: ` : ''}
          {message}
        </span>
      </p>
      <div className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-2 text-muted">
        {code > 0 && <span>Code {code}</span>}
        {requestId && (
          <span className="inline-flex items-center gap-1">
            Request <span className="ident break-all">{requestId}</span>
            <CopyIcon text={requestId} what="request id" />
          </span>
        )}
        {retryAfter !== null && <span>Try again in {retryAfter} s</span>}
        {onRetry && (
          <Button onClick={onRetry}>
            <Icon name="retry" />
            Retry
          </Button>
        )}
      </div>
    </div>
  );
}

/** What will be here, one sentence, and one next step. */
export function EmptyState({ title, children, action }: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="card px-4 py-10 text-center">
      <h2 className="text-md font-semibold">{title}</h2>
      <div className="mx-auto mt-2 max-w-lg text-muted">{children}</div>
      {action && <div className="mt-5 flex flex-wrap justify-center gap-3">{action}</div>}
    </div>
  );
}

const WIDTHS = ['w-40', 'w-24', 'w-32', 'w-20', 'w-28'];

/** Grey rows where a table will be; invisible for the first 100 ms. */
export function SkeletonRows({ rows = 8, columns, label }: { rows?: number; columns: number; label: string }) {
  return (
    <div aria-busy="true" className="card overflow-hidden">
      <span role="status" className="sr-only">
        {label}
      </span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-9 items-center gap-6 border-b border-line px-3 last:border-b-0">
          {Array.from({ length: columns }, (__, column) => (
            <span
              key={column}
              className={`skeleton h-3 ${WIDTHS[(row + column) % WIDTHS.length]} ${column > 1 ? 'hidden sm:block' : ''}`}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Grey lines where text will be. */
export function SkeletonText({ lines = 3, label }: { lines?: number; label: string }) {
  return (
    <div aria-busy="true" className="space-y-3">
      <span role="status" className="sr-only">
        {label}
      </span>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className={`skeleton block h-4 ${line % 3 === 2 ? 'w-1/3' : 'w-full max-w-lg'}`} />
      ))}
    </div>
  );
}
