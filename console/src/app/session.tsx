import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { createContext, type ReactNode, use } from 'react';
import { api } from '../api/client';
import { errorFromAnswer } from '../api/errors';
import { sessionQuery } from '../api/queries';
import type { Session } from '../api/types';
import { type Usd, usdOrNothing } from '../format/money';
import { ErrorPanel, SkeletonText } from '../ui/states';
import { SignInPanel } from './SignInPanel';

const SessionContext = createContext<Session | null>(null);

/** The signed-in person, or `null`, once known; for parts of the shell that show either. */
export function useMaybeSession(): Session | null {
  return useQuery(sessionQuery).data ?? null;
}

/** The signed-in person; only below {@link SignedIn}. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error('useSession needs SignedIn above it');
  return session;
}

/** Shows its children to people who are signed in; others see how to sign in, at the same address. */
export function SignedIn({ children }: { children: ReactNode }) {
  const session = useQuery(sessionQuery);
  if (session.data) return <SessionContext value={session.data}>{children}</SessionContext>;
  if (session.isSuccess) return <SignInPanel />;
  return (
    <div className="max-w-2xl px-4 py-6 sm:px-6">
      {session.isError ? (
        <ErrorPanel error={session.error} onRetry={() => void session.refetch()} what="Signing in" />
      ) : (
        <SkeletonText label="Loading your account" />
      )}
    </div>
  );
}

/** What is left to spend. */
export function balanceOf(session: Session): Usd {
  return usdOrNothing(session.total_credits) - usdOrNothing(session.total_usage);
}

/** Ends the session on the server, forgets everything loaded, and goes to the start page. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    const { response, error } = await api.DELETE('/console/api/v1/session');
    if (!response.ok && response.status !== 401) throw errorFromAnswer(response, error);
    client.clear();
    client.setQueryData(sessionQuery.queryKey, null);
    await navigate({ to: '/' });
  };
}
