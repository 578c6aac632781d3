import { Link } from '@tanstack/react-router';
import { IconButton } from '../ui/Button';
import { Icon } from '../ui/icons';
import { PRODUCT } from '../ui/Page';
import { PLACES, type Place } from './navigation';
import { sidebar, usePreference } from './preferences';
import { useMaybeSession } from './session';

/** The map at the left: names from 1024 px, icons below, nothing on phones (the bar at the bottom serves them). */
export function Sidebar() {
  const session = useMaybeSession();
  const narrow = usePreference(sidebar) === 'narrow';
  const wide = narrow ? '' : 'lg:w-58';
  const text = narrow ? 'sr-only' : 'sr-only lg:not-sr-only';
  return (
    <aside
      className={`sticky top-0 hidden h-dvh w-14 shrink-0 flex-col border-r border-line bg-sunken py-3 sm:flex ${wide}`}
    >
      <Link to="/" className="mx-2 mb-3 flex h-9 items-center gap-2.5 rounded-ctl px-2.5 font-semibold">
        <Icon name="compass" size={20} className="text-accent" />
        <span className={text}>{PRODUCT}</span>
      </Link>
      <nav aria-label="Main" className="flex-1 space-y-4 overflow-y-auto px-2">
        {PLACES.map(({ group, places }) => {
          const shown = places.filter((place) => place.open || session);
          if (shown.length === 0) return null;
          return (
            <div key={group}>
              {group && (
                <div className={`px-2.5 pb-1 text-xs font-medium text-muted ${narrow ? 'hidden' : 'hidden lg:block'}`}>{group}</div>
              )}
              <ul className="space-y-0.5">
                {shown.map((place) => (
                  <li key={place.to}>
                    <PlaceLink place={place} text={text} />
                  </li>
                ))}
              </ul>
            </div>
          );
        })}
      </nav>
      <Foot text={text} narrow={narrow} version={session?.version} />
    </aside>
  );
}

function PlaceLink({ place, text }: { place: Place; text: string }) {
  return (
    <Link
      to={place.to}
      title={place.label}
      activeOptions={{ exact: place.to === '/', includeSearch: false }}
      className="flex h-9 items-center gap-2.5 rounded-ctl px-2.5 text-muted hover:bg-line/50 hover:text-text"
      activeProps={{ className: 'bg-accent-bg !text-accent font-medium' }}
    >
      <Icon name={place.icon} size={18} />
      <span className={text}>{place.label}</span>
    </Link>
  );
}

function Foot({ text, narrow, version }: { text: string; narrow: boolean; version?: string }) {
  return (
    <div className="space-y-0.5 px-2 pt-2">
      <Link
        to="/docs/api"
        title="Docs"
        className="flex h-9 items-center gap-2.5 rounded-ctl px-2.5 text-muted hover:bg-line/50 hover:text-text"
        activeProps={{ className: 'bg-accent-bg !text-accent font-medium' }}
      >
        <Icon name="docs" size={18} />
        <span className={text}>Docs</span>
      </Link>
      <div className="hidden items-center justify-between lg:flex">
        {version && !narrow && <span className="px-2.5 text-xs text-muted">Version {version}</span>}
        <IconButton
          label={narrow ? 'Show names in the sidebar' : 'Show icons only in the sidebar'}
          onClick={() => sidebar.set(narrow ? 'wide' : 'narrow')}
          className="ml-auto"
        >
          <Icon name="right" className={narrow ? '' : 'rotate-180'} />
        </IconButton>
      </div>
    </div>
  );
}
