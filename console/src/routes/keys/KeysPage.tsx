import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, unwrap } from '../../api/client';
import { keysQuery } from '../../api/queries';
import type { Key } from '../../api/types';
import { SignedIn } from '../../app/session';
import { useShortcuts } from '../../app/shortcuts';
import { useNow } from '../../app/useNow';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/icons';
import { Page } from '../../ui/Page';
import { EmptyState, ErrorPanel, SkeletonRows } from '../../ui/states';
import { CreateKeyDialog } from './CreateKeyDialog';
import { DeleteKeyDialog } from './DeleteKeyDialog';
import { KeysTable } from './KeysTable';

/** `/keys`: the account's API keys. */
export function KeysPage() {
  return (
    <SignedIn>
      <Keys />
    </SignedIn>
  );
}

function Keys() {
  const keys = useQuery(keysQuery);
  const now = useNow();
  const [creating, setCreating] = useState({ open: false, count: 0 });
  const [deleting, setDeleting] = useState<Key | null>(null);
  const toggle = useToggleKey();
  const create = () => setCreating(({ count }) => ({ open: true, count: count + 1 }));
  useShortcuts({ n: create });
  const button = (
    <Button kind="primary" onClick={create}>
      <Icon name="plus" />
      Create key
    </Button>
  );
  return (
    <Page title="Keys" lead="A key gives one application access, within the bounds you set." actions={button}>
      <div className="space-y-4">
        {toggle.isError && <ErrorPanel error={toggle.error} what="The key was not changed" />}
        {keys.isPending && <SkeletonRows rows={5} columns={7} label="Loading keys" />}
        {keys.isError && <ErrorPanel error={keys.error} onRetry={() => void keys.refetch()} what="Keys" />}
        {keys.data?.length === 0 && (
          <EmptyState title="No keys yet" action={button}>
            An application sends its key with each request. Give each its own, with a limit, and you see what it spends and can
            stop it alone.
          </EmptyState>
        )}
        {keys.data && keys.data.length > 0 && (
          <KeysTable keys={keys.data} now={now} onToggle={(key) => toggle.mutate(key)} onDelete={setDeleting} />
        )}
      </div>
      <CreateKeyDialog key={creating.count} open={creating.open} onClose={() => setCreating({ ...creating, open: false })} />
      <DeleteKeyDialog item={deleting} onClose={() => setDeleting(null)} />
    </Page>
  );
}

function useToggleKey() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (key: Key) =>
      unwrap(api.PATCH('/console/api/v1/keys/{hash}', { params: { path: { hash: key.hash } }, body: { disabled: !key.disabled } })),
    onSuccess: (_, key) => {
      announce(`${key.name} is ${key.disabled ? 'enabled' : 'disabled'}`);
      return client.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
}
