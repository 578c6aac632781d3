import { Link } from '@tanstack/react-router';
import { Icon } from '../ui/icons';
import { PLACES } from './navigation';
import { useMaybeSession } from './session';

/** The map on phones: the places themselves, at thumb's reach. */
export function BottomBar() {
  const session = useMaybeSession();
  const places = PLACES.flatMap(({ places: inGroup }) => inGroup).filter((place) => place.to !== '/' && (place.open || session));
  if (places.length < 2) return null;
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-20 flex h-14 border-t border-line bg-bg pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      {places.map((place) => (
        <Link
          key={place.to}
          to={place.to}
          activeOptions={{ includeSearch: false }}
          className="flex flex-1 flex-col items-center justify-center gap-0.5 text-xs text-muted"
          activeProps={{ className: '!text-accent font-medium' }}
        >
          <Icon name={place.icon} size={20} />
          {place.label}
        </Link>
      ))}
    </nav>
  );
}
