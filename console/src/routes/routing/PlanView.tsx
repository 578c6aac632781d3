import { useState } from 'react';
import type { Exclusion, Plan, PlannedAttempt } from '../../api/types';
import { formatCount, formatDuration, formatUptime, plural } from '../../format/figures';
import { formatCost, formatPerMillion, usdOrNothing } from '../../format/money';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/icons';
import { Status } from '../../ui/values';
import { exclusionWords, policyWords, privacyWords, rankWords } from './reasons';

/** Rows that are shown before somebody asks for the rest. */
const FIRST_ROWS = 8;

/** A plan: who would serve, who comes next, what each would cost, and why the others stay out. */
export function PlanView({ plan }: { plan: Plan }) {
  return (
    <div className="space-y-4">
      <Verdict plan={plan} />
      {plan.attempts.length > 0 && <Ranked plan={plan} />}
      {plan.excluded.length > 0 && <LeftOut excluded={plan.excluded} />}
      <p className="max-w-[80ch] text-muted">
        Planned for about {plural(plan.prompt_tokens, 'prompt token')}. {plan.policies.length > 0 ? `Rules in force: ${plan.policies.join(', ')}.` : 'No rule is in force.'} A request makes
        at most {plural(plan.attempts_max, 'attempt')}. Where chance decides, the seed <span className="ident break-all">{plan.seed}</span> in <span className="ident">x-portolan-seed</span>{' '}
        repeats this draw.
      </p>
    </div>
  );
}

/** The one sentence that answers the question. */
function Verdict({ plan }: { plan: Plan }) {
  const first = plan.attempts[0];
  if (!first) {
    return (
      <div role="alert" className="flex gap-2 rounded-card border border-bad bg-bad-bg p-4">
        <Icon name="warn" size={20} className="text-bad" />
        <div className="min-w-0">
          <p className="font-medium break-words">{errorText(plan)}</p>
          <p className="mt-1 text-muted">The request would be refused with this; nobody would be asked.</p>
        </div>
      </div>
    );
  }
  const others = plan.attempts.length - 1;
  return (
    <p className="text-md">
      <strong className="font-semibold">{first.provider}</strong> would serve <span className="ident break-all">{first.model}</span> for at most{' '}
      <strong className="font-semibold">{cost(first)}</strong>
      {others > 0 ? `, with ${plural(others, 'fallback')} behind it.` : ', without a fallback.'}
    </p>
  );
}

function errorText({ error }: Plan): string {
  const message = error?.message;
  return typeof message === 'string' ? message : 'No endpoint is left';
}

function Ranked({ plan }: { plan: Plan }) {
  const [all, setAll] = useState(false);
  const shown = all ? plan.attempts : plan.attempts.slice(0, FIRST_ROWS);
  return (
    <div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <div className="card relative hidden overflow-x-auto sm:block" role="region" aria-label="Ranked endpoints" tabIndex={0}>
        <table className="w-full border-collapse">
          <thead>
            <tr>
              <th scope="col" className="th num">#</th>
              <th scope="col" className="th">Endpoint</th>
              <th scope="col" className="th">Why here</th>
              <th scope="col" className="th">Health</th>
              <th scope="col" className="th num">Prompt $/M</th>
              <th scope="col" className="th num">Answer $/M</th>
              <th scope="col" className="th num">At most</th>
              <th scope="col" className="th">Prompts</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((attempt) => (
              <Row key={`${attempt.rank} ${attempt.tag}`} attempt={attempt} out={attempt.rank > plan.attempts_max} />
            ))}
          </tbody>
        </table>
      </div>
      <ol aria-label="Ranked endpoints" className="space-y-2 sm:hidden">
        {shown.map((attempt) => (
          <Card key={`${attempt.rank} ${attempt.tag}`} attempt={attempt} />
        ))}
      </ol>
      {shown.length < plan.attempts.length && (
        <Button kind="quiet" className="mt-1" onClick={() => setAll(true)}>
          Show all {formatCount(plan.attempts.length)}
        </Button>
      )}
    </div>
  );
}

function Row({ attempt, out }: { attempt: PlannedAttempt; out: boolean }) {
  return (
    <tr className="border-t border-line align-top hover:bg-sunken">
      <td className="num px-3 py-2">{attempt.rank}</td>
      <th scope="row" className="px-3 py-2 text-left font-medium">
        {attempt.provider}
        <span className="ident block text-xs font-normal text-muted">
          {attempt.model} · {where(attempt)}
        </span>
      </th>
      <td className="min-w-40 px-3 py-2">
        {rankWords(attempt.reason)}
        {out && <span className="block text-muted">Beyond the attempts of a request</span>}
      </td>
      <td className="px-3 py-2">
        <Health attempt={attempt} />
      </td>
      <td className="num px-3 py-2">{formatPerMillion(usdOrNothing(attempt.price.prompt))}</td>
      <td className="num px-3 py-2">{formatPerMillion(usdOrNothing(attempt.price.completion))}</td>
      <td className="num px-3 py-2" title={`For ${plural(attempt.estimate.max_completion_tokens, 'answer token')}`}>
        {cost(attempt)}
      </td>
      <td className="min-w-36 px-3 py-2 text-muted">{privacyWords(attempt.data_policy)}</td>
    </tr>
  );
}

function Card({ attempt }: { attempt: PlannedAttempt }) {
  return (
    <li className="card p-3.5">
      <div className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <span className="font-medium">
            {attempt.rank}. {attempt.provider}
          </span>
          <span className="ident block text-xs break-all text-muted">
            {attempt.model} · {where(attempt)}
          </span>
        </div>
        <span className="font-medium whitespace-nowrap tabular-nums">{cost(attempt)}</span>
      </div>
      <p className="mt-1.5">{rankWords(attempt.reason)}</p>
      <p className="mt-1 text-muted">
        {formatPerMillion(usdOrNothing(attempt.price.prompt))} / {formatPerMillion(usdOrNothing(attempt.price.completion))} per million tokens
      </p>
      <p className="text-muted">{privacyWords(attempt.data_policy)}</p>
      <div className="mt-1">
        <Health attempt={attempt} />
      </div>
    </li>
  );
}

const STATES: Record<string, ['ok' | 'warn' | 'bad', string] | undefined> = {
  stable: ['ok', 'stable'],
  unstable: ['warn', 'recent failures'],
  open: ['bad', 'paused'],
};

function Health({ attempt: { health } }: { attempt: PlannedAttempt }) {
  const [tone, word] = STATES[health.state] ?? (['warn', health.state] as const);
  const figures = [
    health.latency.p50 === null ? '' : `${formatDuration(health.latency.p50 * 1000)} to first token`,
    health.throughput.p50 === null ? '' : `${Math.round(health.throughput.p50)} tok/s`,
    health.uptime === null ? '' : `${formatUptime(health.uptime * 100)} served`,
  ].filter(Boolean);
  return (
    <>
      <Status tone={tone}>{word}</Status>
      <span className="block text-xs text-muted">{figures.length > 0 ? figures.join(', ') : 'not measured yet'}</span>
    </>
  );
}

/** Endpoints that are out, gathered by reason: a router looks at hundreds. */
function LeftOut({ excluded }: { excluded: Exclusion[] }) {
  const groups = new Map<string, Exclusion[]>();
  for (const one of excluded) {
    const key = `${one.reason}\n${one.policy ?? ''}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return (
    <div>
      <h3 className="mb-2 font-medium">{plural(excluded.length, 'endpoint')} left out</h3>
      <ul className="divide-y divide-line rounded-card border border-line">
        {[...groups.entries()].map(([key, members]) => (
          <Group key={key} members={members} />
        ))}
      </ul>
    </div>
  );
}

function Group({ members }: { members: Exclusion[] }) {
  const first = members[0];
  if (!first) return null;
  const words = policyWords(first.policy);
  return (
    <li className="px-3.5 py-2.5">
      <details open={members.length <= 3}>
        <summary className="cursor-pointer">
          <span className="font-medium">{exclusionWords(first.reason)}</span>
          <span className="text-muted">
            {words && `, ${words}`} · {formatCount(members.length)}
          </span>
        </summary>
        <ul className="mt-1.5 max-h-60 space-y-1 overflow-y-auto">
          {members.map((one) => (
            <li key={`${one.model} ${one.tag} ${one.service_tier ?? ''}`} className="flex flex-wrap gap-x-3">
              <span>{one.provider}</span>
              <span className="ident break-all text-muted">
                {one.model} · {where(one)}
              </span>
            </li>
          ))}
        </ul>
        <p className="mt-1 text-xs text-muted">
          Reason in errors and records: <span className="ident">{first.reason}</span>
        </p>
      </details>
    </li>
  );
}

function where({ tag, region, service_tier: tier }: { tag: string; region: string | null; service_tier: string | null }): string {
  return [tag, region, tier].filter(Boolean).join(' · ');
}

function cost(attempt: PlannedAttempt): string {
  return formatCost(usdOrNothing(attempt.estimate.max_usd));
}
