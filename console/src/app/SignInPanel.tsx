import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useId, useState } from 'react';
import { sessionQuery } from '../api/queries';
import { Button, buttonClass } from '../ui/Button';
import { Page } from '../ui/Page';

/** Reads the token out of a pasted set-up link, or takes the text itself when it is no link. */
export function tokenFrom(pasted: string): string {
  const text = pasted.trim();
  return /[?&]token=([^&#\s]+)/.exec(text)?.[1] ?? text;
}

/** How to sign in: with the one-time link of the server's start. */
export function SignInPanel() {
  const navigate = useNavigate();
  const [pasted, setPasted] = useState('');
  const field = useId();
  const { data: session } = useQuery(sessionQuery);
  if (session) return <AlreadyIn name={session.user.name} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const token = tokenFrom(pasted);
    if (token) void navigate({ to: '/setup', search: { token } });
  };
  return (
    <Page title="Sign in" lead="This server signs its owner in with a one-time link.">
      <form onSubmit={submit} className="card max-w-xl space-y-4 p-5">
        <p>
          The server prints the link where it was started, on the line that ends in{' '}
          <code className="ident">/setup?token=…</code>. Open it in this browser, or paste it here.
        </p>
        <div>
          <label htmlFor={field} className="mb-1.5 block font-medium">
            Set-up link or token
          </label>
          <input
            id={field}
            className="field ident"
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
            autoComplete="one-time-code"
            spellCheck={false}
            required
          />
        </div>
        <Button kind="primary" type="submit">
          Continue
        </Button>
      </form>
    </Page>
  );
}

function AlreadyIn({ name }: { name: string }) {
  return (
    <Page title="You are signed in" lead={`As ${name}, in this browser.`}>
      <div className="flex flex-wrap gap-3">
        <Link to="/keys" className={buttonClass('primary')}>
          Keys
        </Link>
        <Link to="/chat" className={buttonClass()}>
          Open chat
        </Link>
      </div>
    </Page>
  );
}
