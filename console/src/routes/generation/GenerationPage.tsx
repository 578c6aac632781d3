import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { generationQuery } from '../../api/queries';
import type { Generation } from '../../api/types';
import { SignedIn } from '../../app/session';
import { useShortcuts } from '../../app/shortcuts';
import { formatDuration } from '../../format/figures';
import { formatCost, usdOrNothing } from '../../format/money';
import { buttonClass } from '../../ui/Button';
import { copyText } from '../../ui/copy';
import { Page } from '../../ui/Page';
import { ErrorPanel, SkeletonText } from '../../ui/states';
import { Icon } from '../../ui/icons';
import { Ident } from '../../ui/values';
import { difference } from './asked';
import { Attempts } from './Attempts';
import { CostCard } from './CostCard';
import { Facts } from './Facts';
import { TokensCard } from './TokensCard';

/** `/generations/{id}`: everything that happened to one request, and what it cost. */
export function GenerationPage() {
  return (
    <SignedIn>
      <Record />
    </SignedIn>
  );
}

function Record() {
  const { id } = useParams({ from: '/generations/$id' });
  const record = useQuery(generationQuery(id));
  useShortcuts({ y: () => void copyText(id, 'generation id') });
  return (
    <Page
      title="Generation"
      lead={<Ident id={id} what="generation id" short={false} />}
      actions={
        <>
          {record.data && (
            <Link to="/routing" search={{ view: 'plan', model: record.data.portolan.model_asked }} className={buttonClass()}>
              Compare providers
            </Link>
          )}
          <Link to="/generations" className={buttonClass()}>
            All generations
          </Link>
        </>
      }
    >
      {record.isPending && (
        <SkeletonText lines={9} label={record.failureCount > 0 ? 'Waiting for the record to be written' : 'Loading the generation'} />
      )}
      {record.isError && <ErrorPanel error={record.error} onRetry={() => void record.refetch()} />}
      {record.data && <Cards generation={record.data} />}
    </Page>
  );
}

function Cards({ generation }: { generation: Generation }) {
  const figures: [string, string][] = [
    ['Cost', formatCost(usdOrNothing(generation.portolan.total_usd))],
    ['First token', formatDuration(generation.latency)],
    ['Generation', formatDuration(generation.generation_time)],
    ['Attempts', String(generation.portolan.attempts.length)],
  ];
  return (
    <div className="grid max-w-6xl gap-4 lg:grid-cols-2">
      <Differs generation={generation} />
      <dl className="card grid grid-cols-2 gap-4 p-4 sm:grid-cols-4 sm:p-5 lg:col-span-2">
        {figures.map(([term, value]) => (
          <div key={term}>
            <dt className="text-muted">{term}</dt>
            <dd className="text-xl font-semibold tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <div className="lg:col-span-2">
        <Attempts generation={generation} />
      </div>
      <div className="grid min-w-0 content-start gap-4">
        <CostCard generation={generation} />
        <TokensCard generation={generation} />
      </div>
      <Facts generation={generation} />
    </div>
  );
}

/** Says that another model answered than was asked for, and why. */
function Differs({ generation }: { generation: Generation }) {
  const why = difference(generation);
  if (!why) return null;
  return (
    <p className="card flex items-start gap-2 p-4 lg:col-span-2">
      <Icon name="route" size={20} className="text-accent" />
      <span className="min-w-0">
        Asked for <span className="ident break-all">{generation.portolan.model_asked}</span>, answered by <span className="ident break-all">{generation.model}</span>. {why}
      </span>
    </p>
  );
}
