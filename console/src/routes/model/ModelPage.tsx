import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { lazy, Suspense, useState } from 'react';
import { endpointsQuery, modelsQuery } from '../../api/queries';
import type { Model, ModelEndpoints } from '../../api/types';
import { useMaybeSession } from '../../app/session';
import { useShortcuts } from '../../app/shortcuts';
import { curlSnippet, nodeSnippet, pythonSnippet } from '../../app/snippets';
import { formatTokens } from '../../format/figures';
import { formatUnixDate } from '../../format/time';
import { buttonClass } from '../../ui/Button';
import { CodeTabs } from '../../ui/CodeTabs';
import { copyText } from '../../ui/copy';
import { Icon } from '../../ui/icons';
import { Page } from '../../ui/Page';
import { ErrorPanel, SkeletonRows } from '../../ui/states';
import { Ident } from '../../ui/values';
import { modalities } from '../models/ModelRows';
import { ProvidersTable } from './ProvidersTable';
import { priceLines } from './prices';

const Markdown = lazy(() => import('../../ui/Markdown').then((module) => ({ default: module.Markdown })));

const FOLD_FROM = 220;

/** `/models/{author}/{slug}`: decide whether to use a model, through whom, and take the code. */
export function ModelPage() {
  const { author, slug } = useParams({ from: '/models/$author/$slug' });
  const id = `${author}/${slug}`;
  const endpoints = useQuery(endpointsQuery(author, slug));
  const listed = useQuery(modelsQuery).data?.find((model) => model.id === id);
  const head = listed ?? endpoints.data;
  const session = useMaybeSession();
  const writes = head?.architecture.output_modalities.includes('text') ?? false;
  useShortcuts({ y: () => void copyText(id, 'model id') });
  return (
    <Page
      title={head?.name ?? id}
      lead={<Ident id={id} what="model id" short={false} />}
      actions={
        writes && (
          <Link to="/chat" search={{ model: id }} className={buttonClass('primary')}>
            <Icon name="chat" />
            Try
          </Link>
        )
      }
    >
      <div className="space-y-8">
        {head && <Head model={head} listed={listed} />}
        <section aria-labelledby="providers" className="min-w-0">
          <div className="mb-2 flex flex-wrap items-baseline justify-between gap-x-6">
            <h2 id="providers" className="text-md font-semibold">
              Providers
            </h2>
            {session && (
              <Link to="/routing" search={{ view: 'plan', model: id }} className="link">
                Who would serve it now, and why
              </Link>
            )}
          </div>
          {endpoints.isPending && <SkeletonRows rows={4} columns={6} label="Loading providers" />}
          {endpoints.isError && <ErrorPanel error={endpoints.error} onRetry={() => void endpoints.refetch()} />}
          {listed?.alias_target && <Leads target={listed.alias_target.slug} name={listed.alias_target.name} />}
          {endpoints.data?.endpoints.length === 0 && (
            <p className="max-w-[72ch] text-muted">Nobody serves this id itself: it chooses a model for each request, and the answer names it.</p>
          )}
          {endpoints.data && endpoints.data.endpoints.length > 0 && <ProvidersTable endpoints={endpoints.data.endpoints} />}
        </section>
        {head && (
          <section aria-labelledby="code" className="max-w-3xl min-w-0">
            <h2 id="code" className="mb-2 text-md font-semibold">
              Code
            </h2>
            <CodeTabs
              examples={[
                { label: 'curl', code: curlSnippet(id) },
                { label: 'Python', code: pythonSnippet(id) },
                { label: 'Node', code: nodeSnippet(id) },
              ]}
            />
          </section>
        )}
      </div>
    </Page>
  );
}

/** What an id that moves with its family leads to. */
function Leads({ target, name }: { target: string; name: string }) {
  const [author = '', slug = ''] = target.split('/', 2);
  return (
    <p className="mb-3 max-w-[72ch] text-muted">
      This id moves with its family. It leads to{' '}
      <Link to="/models/$author/$slug" params={{ author, slug }} className="link">
        {name}
      </Link>{' '}
      now.
    </p>
  );
}

type Described = Pick<Model, 'architecture' | 'created'> & { description?: ModelEndpoints['description'] };

function Head({ model, listed }: { model: Described; listed: Model | undefined }) {
  const facts: [string, string][] = [
    ['Context', listed ? `${formatTokens(listed.context_length)} tokens` : '—'],
    ['Longest answer', listed?.top_provider?.max_completion_tokens ? `${formatTokens(listed.top_provider.max_completion_tokens)} tokens` : '—'],
    ['Modalities', modalities(model)],
    ['Added', formatUnixDate(model.created)],
    ...(listed?.knowledge_cutoff ? [['Knowledge until', listed.knowledge_cutoff] as [string, string]] : []),
    ...(listed ? priceLines(listed.pricing) : []),
  ];
  return (
    <div className="grid gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
      <div className="min-w-0 lg:order-2">
        <dl className="card grid grid-cols-2 gap-x-4 gap-y-3 p-4">
          {facts.map(([term, value]) => (
            <div key={term} className="min-w-0">
              <dt className="text-xs text-muted">{term}</dt>
              <dd className="font-medium break-words tabular-nums">{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="min-w-0 space-y-4">
        {model.description && <Description text={model.description} />}
        {listed && listed.supported_parameters.length > 0 && (
          <div>
            <h2 className="mb-1.5 font-medium">Supported parameters</h2>
            <ul className="flex flex-wrap gap-1.5">
              {listed.supported_parameters.map((name) => (
                <li key={name}>
                  <Link to="/models" search={{ params: name }} className="ident inline-block rounded-full border border-line px-2.5 py-0.5 text-xs hover:border-ctl">
                    {name}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        )}
      </div>
    </div>
  );
}

function Description({ text }: { text: string }) {
  const folds = text.length > FOLD_FROM;
  const [folded, setFolded] = useState(folds);
  return (
    <div>
      <div className={`prose max-w-[72ch] ${folded ? 'line-clamp-2' : ''}`}>
        <Suspense fallback={<p>{text}</p>}>
          <Markdown text={text} />
        </Suspense>
      </div>
      {folds && (
        <button type="button" className="mt-1 min-h-6 text-accent hover:underline" aria-expanded={!folded} onClick={() => setFolded(!folded)}>
          {folded ? 'Show all of the description' : 'Show less'}
        </button>
      )}
    </div>
  );
}
