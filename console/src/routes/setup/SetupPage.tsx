import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { api, unwrap } from '../../api/client';
import { asApiError } from '../../api/errors';
import { keysQuery, sessionQuery } from '../../api/queries';
import { SignInPanel } from '../../app/SignInPanel';
import { announce } from '../../ui/announce';
import { Button, buttonClass } from '../../ui/Button';
import { Field } from '../../ui/form';
import { Icon } from '../../ui/icons';
import { Page } from '../../ui/Page';
import { ErrorPanel } from '../../ui/states';
import { SecretPanel } from '../keys/SecretPanel';

/** `/setup?token=…`: turns the one-time link into a session, then makes the first key. */
export function SetupPage() {
  const { token } = useSearch({ from: '/setup' });
  const [claimed, setClaimed] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  if (!token && !claimed) return <SignInPanel />;
  return (
    <Page title="Set up this server" lead="Three steps, no account needed.">
      <div className="max-w-2xl space-y-4">
        <Step number={1} title="Sign in" done={claimed}>
          <Claim token={token ?? ''} onClaimed={() => setClaimed(true)} />
        </Step>
        <Step number={2} title="Make your first key" done={secret !== null} waiting={!claimed}>
          <FirstKey onCreated={setSecret} />
        </Step>
        {secret !== null && (
          <Step number={3} title="Send a request">
            <SecretPanel secret={secret} />
            <div className="mt-5 flex flex-wrap gap-3">
              <Link to="/chat" className={buttonClass('primary')}>
                Open chat
              </Link>
              <Link to="/keys" className={buttonClass()}>
                All keys
              </Link>
            </div>
          </Step>
        )}
      </div>
    </Page>
  );
}

type StepProps = { number: number; title: string; done?: boolean; waiting?: boolean; children: React.ReactNode };

function Step({ number, title, done, waiting, children }: StepProps) {
  return (
    <section className="card p-5">
      <h2 className={`flex items-center gap-3 text-md font-semibold ${waiting || done ? 'text-muted' : ''}`}>
        <span
          className={`inline-flex size-6 items-center justify-center rounded-full border text-xs ${done ? 'border-ok text-ok' : 'border-ctl'}`}
        >
          {done ? <Icon name="check" /> : number}
        </span>
        {title}
        {done && <span className="sr-only">(done)</span>}
      </h2>
      {!done && !waiting && <div className="mt-4">{children}</div>}
    </section>
  );
}

function Claim({ token, onClaimed }: { token: string; onClaimed: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const claim = useMutation({
    mutationFn: () => unwrap(api.POST('/console/api/v1/setup', { body: { token } })),
    onSuccess: async () => {
      announce('Signed in');
      onClaimed();
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      // A used token is worthless, yet nobody wants it in the history or in a screenshot.
      await navigate({ to: '/setup', search: {}, replace: true });
    },
  });
  if (claim.isError) {
    const used = asApiError(claim.error).status === 404;
    return (
      <div className="space-y-4">
        <ErrorPanel error={claim.error} onRetry={used ? undefined : () => claim.mutate()} />
        {used && (
          <p className="text-muted">
            A link works once and for a limited time. If you are signed in already, go to{' '}
            <Link to="/keys" className="link">
              Keys
            </Link>
            ; if not, take a new link from the server’s log.
          </p>
        )}
      </div>
    );
  }
  return (
    <>
      <p className="mb-4 text-muted">The link you opened makes this browser the owner’s. It works once.</p>
      <Button kind="primary" disabled={claim.isPending} onClick={() => claim.mutate()}>
        {claim.isPending ? 'Signing in…' : 'Use the link'}
      </Button>
    </>
  );
}

function FirstKey({ onCreated }: { onCreated: (secret: string) => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('First key');
  const create = useMutation({
    mutationFn: () => unwrap(api.POST('/console/api/v1/keys', { body: { name: name.trim() } })),
    gcTime: 0,
    onSuccess: (answer) => {
      onCreated(answer.key);
      announce('Key created');
      void client.invalidateQueries({ queryKey: keysQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '') create.mutate();
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <Field label="Name" hint="No limit and no end. Both can be chosen for further keys on the page Keys.">
        {(control) => (
          <input {...control} className="field max-w-sm" value={name} required onChange={(event) => setName(event.target.value)} />
        )}
      </Field>
      {create.isError && <ErrorPanel error={create.error} />}
      <Button kind="primary" type="submit" disabled={create.isPending}>
        {create.isPending ? 'Creating…' : 'Create key'}
      </Button>
    </form>
  );
}
