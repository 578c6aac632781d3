import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { generationsQuery, modelsQuery } from '../../api/queries';
import { baseUrl, curlSnippet, exampleModel, nodeSnippet, pythonSnippet } from '../../app/snippets';
import { buttonClass } from '../../ui/Button';
import { CodeTabs } from '../../ui/CodeTabs';
import { Page } from '../../ui/Page';
import { EmptyState, ErrorPanel, SkeletonRows } from '../../ui/states';
import { Ident } from '../../ui/values';
import { GenerationTable } from '../generations/GenerationTable';

const RECENT = 5;

/** The start page of a signed-in person: code that works here, and what happened last. */
export function SignedInStart() {
  const models = useQuery(modelsQuery);
  const model = exampleModel(models.data ?? []);
  return (
    <Page
      title="Start"
      lead={
        <span className="flex flex-wrap items-center gap-x-2">
          Base URL <Ident id={baseUrl()} what="base URL" short={false} />
        </span>
      }
      actions={
        <>
          <Link to="/keys" className={buttonClass('primary')}>
            Keys
          </Link>
          <Link to="/chat" className={buttonClass()}>
            Open chat
          </Link>
        </>
      }
    >
      <div className="grid gap-8">
        <section aria-labelledby="call" className="max-w-3xl min-w-0">
          <h2 id="call" className="mb-2 text-md font-semibold">
            Call it
          </h2>
          <CodeTabs
            examples={[
              { label: 'curl', code: curlSnippet(model) },
              { label: 'Python', code: pythonSnippet(model) },
              { label: 'Node', code: nodeSnippet(model) },
            ]}
          />
        </section>
        <section aria-labelledby="recent" className="min-w-0">
          <div className="mb-2 flex items-baseline justify-between">
            <h2 id="recent" className="text-md font-semibold">
              Last requests
            </h2>
            <Link to="/generations" className="link">
              All generations
            </Link>
          </div>
          <Recent />
        </section>
      </div>
    </Page>
  );
}

function Recent() {
  const generations = useInfiniteQuery({ ...generationsQuery, refetchInterval: 5000 });
  if (generations.isPending) return <SkeletonRows rows={RECENT} columns={6} label="Loading the last requests" />;
  if (generations.isError) return <ErrorPanel error={generations.error} onRetry={() => void generations.refetch()} />;
  const rows = generations.data.pages[0]?.data.slice(0, RECENT) ?? [];
  if (rows.length === 0) {
    return <EmptyState title="Your first request appears here within a second">Run the line above, or ask a model in the chat.</EmptyState>;
  }
  return <GenerationTable rows={rows} />;
}
