import { Menu } from '@base-ui/react/menu';
import { Link, useNavigate, useRouterState } from '@tanstack/react-router';
import { Icon } from '../ui/icons';
import { type Place, PLACES } from './navigation';
import { useMaybeSession } from './session';

/** Places that fit side by side at 320 px; the others stand behind "More". */
const SHOWN_MAX = 5;

const ITEM = 'flex min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-xs text-muted';

/** The map on phones: the places themselves, at thumb's reach. */
export function BottomBar() {
  const session = useMaybeSession();
  const places = PLACES.flatMap(({ places: inGroup }) => inGroup).filter((place) => place.to !== '/' && (place.open || session));
  if (places.length < 2) return null;
  const fits = places.length <= SHOWN_MAX;
  const shown = fits ? places : places.slice(0, SHOWN_MAX - 1);
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-20 flex h-14 border-t border-line bg-bg pb-[env(safe-area-inset-bottom)] sm:hidden"
    >
      {shown.map((place) => (
        <Link key={place.to} to={place.to} activeOptions={{ includeSearch: false }} className={ITEM} activeProps={{ className: '!text-accent font-medium' }}>
          <Icon name={place.icon} size={20} />
          {place.label}
        </Link>
      ))}
      {!fits && <More places={places.slice(SHOWN_MAX - 1)} />}
    </nav>
  );
}

function More({ places }: { places: Place[] }) {
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const isHere = places.some((place) => path === place.to || path.startsWith(`${place.to}/`));
  return (
    <Menu.Root>
      <Menu.Trigger className={`${ITEM} ${isHere ? '!text-accent font-medium' : ''}`}>
        <Icon name="more" size={20} />
        More
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner side="top" align="end" sideOffset={8} className="z-30">
          <Menu.Popup className="min-w-52 rounded-card border border-line bg-raised p-1 shadow-float outline-none">
            {places.map((place) => (
              <Menu.Item
                key={place.to}
                className="flex min-h-11 items-center gap-2.5 rounded-ctl px-3 outline-none select-none data-highlighted:bg-sunken"
                onClick={() => void navigate({ to: place.to })}
              >
                <Icon name={place.icon} size={18} />
                {place.label}
              </Menu.Item>
            ))}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
