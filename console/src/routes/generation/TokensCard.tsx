import type { Generation } from '../../api/types';
import { formatCount } from '../../format/figures';
import { Card } from './Card';

/** Tokens as counted here and as the provider counted them. */
export function TokensCard({ generation }: { generation: Generation }) {
  return (
    <Card title="Tokens" note="Charged by the provider’s count.">
      <table className="w-full border-collapse">
        <thead>
          <tr>
            <th scope="col" className="th">Kind</th>
            <th scope="col" className="th num !whitespace-normal">Counted here</th>
            <th scope="col" className="th num !whitespace-normal">By the provider</th>
          </tr>
        </thead>
        <tbody>
          {rowsOf(generation).map(([kind, ours, theirs]) => (
            <tr key={kind} className="border-t border-line">
              <th scope="row" className="px-3 py-1.5 text-left font-normal">{kind}</th>
              <td className="num px-3 py-1.5">{count(ours)}</td>
              <td className="num px-3 py-1.5">{count(theirs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

type Count = number | null | undefined;

function rowsOf(generation: Generation): [string, Count, Count][] {
  const rows: [string, Count, Count][] = [
    ['Prompt', generation.tokens_prompt, generation.native_tokens_prompt],
    ['of it from cache', null, generation.native_tokens_cached],
    ['Answer', generation.tokens_completion, generation.native_tokens_completion],
    ['of it reasoning', null, generation.native_tokens_reasoning],
    ['of it images', null, generation.native_tokens_completion_images],
  ];
  return rows.filter(([kind, , theirs]) => !kind.startsWith('of it') || (theirs ?? 0) > 0);
}

function count(value: Count): string {
  return value === null || value === undefined ? '—' : formatCount(value);
}
