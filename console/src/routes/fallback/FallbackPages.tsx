import { Link, useRouter, useRouterState } from '@tanstack/react-router';
import { buttonClass } from '../../ui/Button';
import { Page } from '../../ui/Page';
import { ErrorPanel } from '../../ui/states';

/** For addresses that lead nowhere: offers to look for the path's words among the models. */
export function MissingPage() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const words = path.split(/[/-]+/).filter(Boolean).join(' ');
  return (
    <Page title="Nothing here" lead={<span className="ident break-all">{path}</span>}>
      <div className="flex flex-wrap gap-3">
        <Link to="/models" search={{ q: words }} className={buttonClass('primary')}>
          Search models for “{words}”
        </Link>
        <Link to="/" className={buttonClass()}>
          Start page
        </Link>
      </div>
    </Page>
  );
}

/** For a page that broke while drawing; the rest of the console goes on. */
export function BrokenPage({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const retry = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="This page broke">
      <ErrorPanel error={error} onRetry={retry} />
    </Page>
  );
}
