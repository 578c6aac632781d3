import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, unwrap } from '../../api/client';
import { keysQuery } from '../../api/queries';
import type { Key } from '../../api/types';
import { formatCost, usdOrNothing } from '../../format/money';
import { formatTime, parseTime } from '../../format/time';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { ErrorPanel } from '../../ui/states';

/** Says what deleting a key stops, in figures, and deletes it. */
export function DeleteKeyDialog({ item, onClose }: { item: Key | null; onClose: () => void }) {
  // The dialog still shows its key while it closes.
  const [shown, setShown] = useState(item);
  if (item && item !== shown) setShown(item);
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: (key: Key) => unwrap(api.DELETE('/console/api/v1/keys/{hash}', { params: { path: { hash: key.hash } } })),
    onSuccess: (_, key) => {
      announce(`${key.name} deleted`);
      onClose();
      return client.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  const close = () => {
    remove.reset();
    onClose();
  };
  return (
    <Dialog open={item !== null} onClose={close} title={`Delete ${shown?.name ?? 'key'}?`}>
      {shown && <p>{consequence(shown)}</p>}
      <p className="mt-2 text-muted">
        This cannot be undone. Disabling stops the key just the same and can be taken back.
      </p>
      {remove.isError && (
        <div className="mt-4">
          <ErrorPanel error={remove.error} />
        </div>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={close}>Keep it</Button>
        <Button kind="danger" disabled={remove.isPending} onClick={() => shown && remove.mutate(shown)}>
          {remove.isPending ? 'Deleting…' : 'Delete key'}
        </Button>
      </div>
    </Dialog>
  );
}

/** What stops working, from what is known about the key's use. */
export function consequence(key: Key): string {
  const used = parseTime(key.last_used_at);
  if (!used) return 'The key was never used, so nothing stops working.';
  const spent = formatCost(usdOrNothing(key.usage_monthly));
  return `Requests with this key are refused at once. It was last used ${formatTime(used)} and spent ${spent} this month.`;
}
