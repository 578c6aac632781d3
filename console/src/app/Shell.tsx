import { Outlet, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { LiveRegion } from '../ui/announce';
import { Banner } from './Banner';
import { BottomBar } from './BottomBar';
import { Header } from './Header';
import { KeyHelp } from './KeyHelp';
import { PLACES } from './navigation';
import { Sidebar } from './Sidebar';
import { useShortcuts } from './shortcuts';

/** What surrounds every page: skip link, map, header, banner, key help and the live region. */
export function Shell() {
  const [helpOpen, setHelpOpen] = useState(false);
  const navigate = useNavigate();
  const places = PLACES.flatMap((group) => group.places);
  useShortcuts({
    '?': () => setHelpOpen(true),
    ...Object.fromEntries(places.map(({ key, to }) => [`g ${key}`, () => void navigate({ to })])),
  });
  return (
    <div className="flex min-h-dvh">
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-16 rounded-ctl bg-accent px-3 py-2 text-on-accent focus:translate-y-0"
      >
        Skip to content
      </a>
      <Sidebar />
      <div className="flex min-w-0 flex-1 flex-col">
        <Header onHelp={() => setHelpOpen(true)} />
        <Banner />
        <main id="main" tabIndex={-1} className="flex min-w-0 flex-1 flex-col pb-14 outline-none sm:pb-0">
          <Outlet />
        </main>
      </div>
      <BottomBar />
      <KeyHelp open={helpOpen} onClose={() => setHelpOpen(false)} />
      <LiveRegion />
    </div>
  );
}
