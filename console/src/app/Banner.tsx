import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../api/queries';
import { Icon } from '../ui/icons';

/** The one line under the header for things everybody must know; at most one, the most severe first. */
export function Banner() {
  const session = useQuery(sessionQuery);
  if (session.isRefetchError) {
    return <Line tone="bad">Connection lost. Trying again; what you wrote is kept.</Line>;
  }
  if (session.data?.demo) {
    return <Line tone="warn">Demo models answer with canned text. Add a provider key for real answers.</Line>;
  }
  return null;
}

function Line({ tone, children }: { tone: 'warn' | 'bad'; children: string }) {
  const colours = tone === 'warn' ? 'bg-warn-bg text-warn' : 'bg-bad-bg text-bad';
  return (
    <div role="status" className={`flex items-start gap-2 border-b border-line px-4 py-1.5 sm:px-6 ${colours}`}>
      <Icon name="warn" size={20} />
      {children}
    </div>
  );
}
