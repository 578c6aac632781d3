import { useQuery } from '@tanstack/react-query';
import { sessionQuery } from '../../api/queries';
import { Landing } from './Landing';
import { SignedInStart } from './SignedInStart';

/** `/`: what this server is, for visitors; the way on, for people who are signed in. */
export function StartPage() {
  const session = useQuery(sessionQuery);
  if (session.isPending) return null;
  return session.data ? <SignedInStart /> : <Landing />;
}
