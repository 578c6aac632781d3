import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { generationsQuery } from '../../api/queries';
import { useRowKeys } from '../../app/rows';
import { SignedIn } from '../../app/session';
import { Button, buttonClass } from '../../ui/Button';
import { Icon } from '../../ui/icons';
import { Page } from '../../ui/Page';
import { EmptyState, ErrorPanel, SkeletonRows } from '../../ui/states';
import { GenerationTable } from './GenerationTable';

/** `/generations`: the account's requests, newest first. */
export function GenerationsPage() {
  return (
    <SignedIn>
      <Generations />
    </SignedIn>
  );
}

function Generations() {
  const list = useInfiniteQuery(generationsQuery);
  useRowKeys('generation id');
  const rows = list.data?.pages.flatMap((page) => page.data) ?? [];
  return (
    <Page
      title="Generations"
      lead="One line for each request. Open one to see its attempts and its cost, line by line."
      actions={
        <Button onClick={() => void list.refetch()} disabled={list.isFetching}>
          <Icon name="retry" />
          {list.isFetching ? 'Refreshing…' : 'Refresh'}
        </Button>
      }
    >
      {list.isPending && <SkeletonRows columns={7} label="Loading generations" />}
      {list.isError && <ErrorPanel error={list.error} onRetry={() => void list.refetch()} what="Generations" />}
      {list.isSuccess && rows.length === 0 && (
        <EmptyState
          title="No requests yet"
          action={
            <Link to="/chat" className={buttonClass('primary')}>
              Open chat
            </Link>
          }
        >
          Each answer leaves a line here within a second, with its tokens, its provider and its cost.
        </EmptyState>
      )}
      {rows.length > 0 && <GenerationTable rows={rows} />}
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
            {list.isFetchingNextPage ? 'Loading…' : 'Load more'}
          </Button>
        </div>
      )}
    </Page>
  );
}
