import { Link } from '@tanstack/react-router';
import type { GenerationRow } from '../../api/types';
import { formatDuration, formatThroughput, formatTokens } from '../../format/figures';
import { usdOrNothing } from '../../format/money';
import { Cost, Status, Time } from '../../ui/values';

/** Requests, newest first: a table, and two lines a row on phones. */
export function GenerationTable({ rows }: { rows: GenerationRow[] }) {
  return (
    <div className="card overflow-hidden">
      <table className="hidden w-full border-collapse sm:table">
        <caption className="sr-only">Requests, newest first</caption>
        <thead>
          <tr>
            <th scope="col" className="th">Time</th>
            <th scope="col" className="th">Model</th>
            <th scope="col" className="th hidden lg:table-cell">Provider</th>
            <th scope="col" className="th">Status</th>
            <th scope="col" className="th num">Tokens in</th>
            <th scope="col" className="th num">Out</th>
            <th scope="col" className="th num">Cost</th>
            <th scope="col" className="th num hidden lg:table-cell">First token</th>
            <th scope="col" className="th num hidden xl:table-cell">Speed</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} className="relative h-9 border-t border-line hover:bg-sunken">
              <td className="px-3 text-muted">
                <Time at={row.created_at} />
              </td>
              <td className="max-w-0 min-w-48 px-3 w-full">
                <Link
                  to="/generations/$id"
                  params={{ id: row.id }}
                  data-row-id={row.id}
                  className="ident block truncate after:absolute after:inset-0"
                >
                  {row.model}
                </Link>
              </td>
              <td className="hidden px-3 whitespace-nowrap text-muted lg:table-cell">{row.provider_name ?? '—'}</td>
              <td className="px-3">
                <Outcome row={row} />
              </td>
              <td className="num px-3">{formatTokens(row.tokens_prompt)}</td>
              <td className="num px-3">{formatTokens(row.tokens_completion)}</td>
              <td className="num ident px-3">
                <Cost amount={usdOrNothing(row.total_cost)} />
              </td>
              <td className="num hidden px-3 lg:table-cell">{row.latency > 0 ? formatDuration(row.latency) : '—'}</td>
              <td className="num hidden px-3 xl:table-cell">{formatThroughput(row.tokens_completion, row.generation_time)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="divide-y divide-line sm:hidden">
        {rows.map((row) => (
          <li key={row.id}>
            <Link to="/generations/$id" params={{ id: row.id }} className="block px-3 py-2.5">
              <span className="flex items-center justify-between gap-3">
                <span className="ident truncate">{row.model}</span>
                <Outcome row={row} />
              </span>
              <span className="mt-0.5 flex flex-wrap gap-x-2 text-muted">
                <Time at={row.created_at} />· {formatTokens(row.tokens_prompt)} → {formatTokens(row.tokens_completion)} ·{' '}
                <Cost amount={usdOrNothing(row.total_cost)} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

const EARLY: Record<string, string | undefined> = {
  cancelled: 'cancelled',
  interrupted: 'interrupted',
  budget_ended: 'budget ended',
};

function Outcome({ row }: { row: GenerationRow }) {
  if (row.status >= 400) return <Status tone="bad">{`${row.status} failed`}</Status>;
  const early = EARLY[row.ending];
  if (early) return <Status tone="warn">{early}</Status>;
  if (row.finish_reason === 'error' || row.ending === 'failed') return <Status tone="bad">cut off</Status>;
  if (row.finish_reason === 'length') return <Status tone="warn">length</Status>;
  return <Status tone="ok">{row.finish_reason ?? 'ok'}</Status>;
}
