import type { Attempt, Generation } from '../../api/types';
import { formatDuration } from '../../format/figures';
import { Status } from '../../ui/values';
import { exclusionWords, policyWords, rankWords } from '../routing/reasons';
import { Card } from './Card';

type Look = { tone: 'ok' | 'bad' | 'off'; fill: string };

const SKIPPED: Look = { tone: 'off', fill: 'text-faint' };
const LOOKS: Record<string, Look | undefined> = {
  served: { tone: 'ok', fill: 'text-ok' },
  failed: { tone: 'bad', fill: 'text-bad' },
  rejected: { tone: 'bad', fill: 'text-bad' },
};

function lookOf({ outcome }: Attempt): Look {
  return LOOKS[outcome] ?? SKIPPED;
}

/** The attempts of a request in order: who was asked, how it ended, when and for how long, and why. */
export function Attempts({ generation }: { generation: Generation }) {
  const { attempts, excluded } = generation.portolan;
  const end = Math.max(1, ...attempts.map((attempt) => attempt.started_ms + (attempt.duration_ms ?? 0)));
  return (
    <Card title="Attempts" note={summary(attempts)}>
      <ol className="divide-y divide-line">
        {attempts.map((attempt) => (
          <li key={attempt.index} className="grid gap-x-4 gap-y-1 py-3 first:pt-0 last:pb-0 sm:grid-cols-[14rem_1fr]">
            <div className="min-w-0">
              <div className="flex flex-wrap items-center gap-x-3">
                <span className="font-medium">{attempt.provider_name}</span>
                <Status tone={lookOf(attempt).tone}>
                  {attempt.status === null ? attempt.outcome : `${attempt.status} ${attempt.outcome}`}
                </Status>
              </div>
              <div className="ident truncate text-muted" title={`${attempt.endpoint_tag} · ${attempt.model}`}>
                {attempt.endpoint_tag}
              </div>
            </div>
            <div className="min-w-0">
              <Bar attempt={attempt} end={end} />
              <div className="mt-1 flex flex-wrap justify-between gap-x-4 text-muted">
                <span className="min-w-0 break-words">{rankWords(attempt.reason)}</span>
                <span className="whitespace-nowrap tabular-nums">
                  from {formatDuration(attempt.started_ms)}, took {formatDuration(attempt.duration_ms)}
                </span>
              </div>
            </div>
          </li>
        ))}
      </ol>
      {excluded.length > 0 && <Excluded excluded={excluded} />}
    </Card>
  );
}

function Bar({ attempt, end }: { attempt: Attempt; end: number }) {
  const start = (attempt.started_ms / end) * 1000;
  const width = Math.max(4, ((attempt.duration_ms ?? 0) / end) * 1000);
  return (
    <svg aria-hidden="true" viewBox="0 0 1000 12" preserveAspectRatio="none" className={`h-3 w-full ${lookOf(attempt).fill}`}>
      <rect width="1000" height="12" className="fill-sunken" />
      <rect x={Math.min(start, 996)} width={width} height="12" fill="currentColor" />
    </svg>
  );
}

function Excluded({ excluded }: { excluded: Generation['portolan']['excluded'] }) {
  return (
    <details className="mt-4 border-t border-line pt-3">
      <summary className="cursor-pointer text-muted">
        {excluded.length === 1 ? '1 endpoint was' : `${excluded.length} endpoints were`} not considered
      </summary>
      <ul className="mt-2 space-y-1">
        {excluded.map(({ model, endpoint_tag, reason, policy }) => (
          <li key={`${model} ${endpoint_tag} ${reason}`} className="flex flex-wrap gap-x-3">
            <span className="ident break-all">
              {model} · {endpoint_tag}
            </span>
            <span className="text-muted" title={reason}>
              {[exclusionWords(reason), policyWords(policy)].filter(Boolean).join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** One sentence over the waterfall, saying what its bars say. */
export function summary(attempts: Attempt[]): string {
  const asked = attempts.filter((attempt) => attempt.outcome !== 'skipped');
  const served = attempts.find((attempt) => attempt.outcome === 'served');
  if (asked.length === 0) return 'No provider was asked.';
  if (!served) return asked.length === 1 ? 'The only attempt failed.' : `All ${asked.length} attempts failed.`;
  const failed = asked.filter((attempt) => attempt.outcome === 'failed' || attempt.outcome === 'rejected').length;
  if (failed === 0) return `${served.provider_name} answered at the first attempt.`;
  return `${served.provider_name} answered after ${failed === 1 ? 'one failed attempt' : `${failed} failed attempts`}.`;
}
