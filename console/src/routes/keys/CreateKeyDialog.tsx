import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { api, unwrap } from '../../api/client';
import { keysQuery } from '../../api/queries';
import { useNow } from '../../app/useNow';
import { formatLocal } from '../../format/time';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Choice, Field } from '../../ui/form';
import { ErrorPanel } from '../../ui/states';
import { bodyOf, checkDraft, type DraftErrors, EMPTY_DRAFT, expiryOf, type ExpiryChoice, type KeyDraft, type ResetChoice } from './draft';
import { SecretPanel } from './SecretPanel';

const RESETS: { value: Exclude<ResetChoice, ''>; label: string }[] = [
  { value: 'none', label: 'Never' },
  { value: 'daily', label: 'Daily' },
  { value: 'weekly', label: 'Weekly' },
  { value: 'monthly', label: 'Monthly' },
];

const EXPIRIES: { value: ExpiryChoice; label: string }[] = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: 'date', label: 'Date' },
  { value: 'never', label: 'Never' },
];

/** Makes a key and shows its secret once. The parent gives it a new `key` for each opening. */
export function CreateKeyDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [secret, setSecret] = useState<string | null>(null);
  const close = () => {
    setSecret(null);
    onClose();
  };
  if (secret !== null) {
    return (
      <Dialog open={open} onClose={close} title="Key created" dismissible={false} wide>
        <SecretPanel secret={secret} />
        <div className="mt-5 flex justify-end">
          <Button kind="primary" onClick={close}>
            I have stored it
          </Button>
        </div>
      </Dialog>
    );
  }
  return <FormDialog open={open} onClose={close} onCreated={setSecret} />;
}

function FormDialog({ open, onClose, onCreated }: { open: boolean; onClose: () => void; onCreated: (secret: string) => void }) {
  const [draft, setDraft] = useState<KeyDraft>(EMPTY_DRAFT);
  const [errors, setErrors] = useState<DraftErrors>({});
  const first = useRef<HTMLInputElement>(null);
  const create = useCreateKey(onCreated);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const now = new Date();
    const found = checkDraft(draft, now);
    setErrors(found);
    if (Object.keys(found).length === 0) create.mutate(bodyOf(draft, now));
    else announce(Object.values(found).join('. '));
  };
  return (
    <Dialog open={open} onClose={onClose} title="Create key" focus={first}>
      <form onSubmit={submit} noValidate className="space-y-5">
        <Field label="Name" error={errors.name}>
          {(control) => (
            <input
              {...control}
              ref={first}
              className="field"
              value={draft.name}
              onChange={(event) => setDraft({ ...draft, name: event.target.value })}
              autoComplete="off"
            />
          )}
        </Field>
        <LimitFields draft={draft} errors={errors} onChange={setDraft} />
        <ExpiryFields draft={draft} errors={errors} onChange={setDraft} />
        {create.isError && <ErrorPanel error={create.error} />}
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={create.isPending}>
            {create.isPending ? 'Creating…' : 'Create key'}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type PartProps = { draft: KeyDraft; errors: DraftErrors; onChange: (draft: KeyDraft) => void };

function LimitFields({ draft, errors, onChange }: PartProps) {
  return (
    <>
      <Choice
        legend="Credit limit"
        options={[
          { value: 'none', label: 'No limit' },
          { value: 'amount', label: 'Amount' },
        ]}
        value={draft.limited ? 'amount' : 'none'}
        onChange={(value) => onChange({ ...draft, limited: value === 'amount' })}
      />
      {draft.limited && (
        <div className="space-y-5 border-l-2 border-line pl-4">
          <Field label="Limit in US dollars" error={errors.limit}>
            {(control) => (
              <input
                {...control}
                className="field max-w-40 tabular-nums"
                inputMode="decimal"
                value={draft.limit}
                onChange={(event) => onChange({ ...draft, limit: event.target.value })}
              />
            )}
          </Field>
          <Choice
            legend="Limit starts again"
            options={RESETS}
            value={draft.reset}
            onChange={(reset) => onChange({ ...draft, reset })}
            error={errors.reset}
            hint="At midnight UTC; weeks start on Monday, months on the 1st"
          />
        </div>
      )}
    </>
  );
}

function ExpiryFields({ draft, errors, onChange }: PartProps) {
  const now = useNow();
  const end = draft.expiry === 'date' ? null : expiryOf(draft, now);
  return (
    <>
      <Choice
        legend="Expires"
        options={EXPIRIES}
        value={draft.expiry}
        onChange={(expiry) => onChange({ ...draft, expiry })}
        hint={end ? `On ${formatLocal(end)}` : undefined}
      />
      {draft.expiry === 'date' && (
        <Field label="Last day" error={errors.date}>
          {(control) => (
            <input
              {...control}
              type="date"
              className="field max-w-48"
              value={draft.date}
              onChange={(event) => onChange({ ...draft, date: event.target.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}

function useCreateKey(onCreated: (secret: string) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: ReturnType<typeof bodyOf>) => unwrap(api.POST('/console/api/v1/keys', { body })),
    // The answer holds the secret, so it must not stay in the cache of mutations.
    gcTime: 0,
    onSuccess: (answer) => {
      onCreated(answer.key);
      announce('Key created');
      void client.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
}
