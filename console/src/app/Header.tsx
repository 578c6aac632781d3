import { Menu } from '@base-ui/react/menu';
import { useQuery } from '@tanstack/react-query';
import { Link, useRouterState } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { asApiError } from '../api/errors';
import { sessionQuery } from '../api/queries';
import { formatBalance, formatExact } from '../format/money';
import { announce } from '../ui/announce';
import { buttonClass, IconButton } from '../ui/Button';
import { Icon, type IconName } from '../ui/icons';
import { PRODUCT } from '../ui/Page';
import { type Theme, theme, usePreference } from './preferences';
import { balanceOf, useMaybeSession, useSignOut } from './session';

const THEMES: { value: Theme; label: string; icon: IconName }[] = [
  { value: 'system', label: 'System', icon: 'system' },
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
];

/** Balance, theme, help and account, on every page. */
export function Header({ onHelp }: { onHelp: () => void }) {
  const { data: session, isSuccess } = useQuery(sessionQuery);
  const isVisitor = isSuccess && session === null;
  const onLogin = useRouterState({ select: (state) => /^\/(login|setup)/.test(state.location.pathname) });
  return (
    <header className="sticky top-0 z-20 flex h-13 items-center gap-1 border-b border-line bg-bg px-4 sm:px-6">
      <Link to="/" className="mr-auto flex items-center gap-2 font-semibold sm:invisible">
        <Icon name="compass" size={20} className="text-accent" />
        {PRODUCT}
      </Link>
      {session && <Balance />}
      <ThemeMenu />
      <IconButton label="Keys and help" onClick={onHelp}>
        <span aria-hidden="true" className="text-md font-medium">
          ?
        </span>
      </IconButton>
      {session ? (
        <AccountMenu name={session.user.name} account={session.account.name} role={session.user.role} />
      ) : (
        isVisitor &&
        !onLogin && (
          <Link to="/login" className={buttonClass('secondary', 'ml-2')}>
            Sign in
          </Link>
        )
      )}
    </header>
  );
}

function Balance() {
  const session = useMaybeSession();
  if (!session) return null;
  const balance = balanceOf(session);
  return (
    <Link
      to="/generations"
      title={`${formatExact(balance)} left. Show what it was spent on`}
      className={`mr-1 rounded-ctl px-2 py-1.5 font-medium tabular-nums hover:bg-sunken ${balance <= 0n ? 'text-bad' : ''}`}
    >
      <span className="sr-only">Balance </span>
      {formatBalance(balance)}
    </Link>
  );
}

const POPUP = 'z-30 min-w-44 rounded-card border border-line bg-raised p-1 shadow-float outline-none';
const ITEM =
  'flex min-h-9 items-center gap-2.5 rounded-ctl px-2.5 outline-none select-none data-highlighted:bg-sunken pointer-coarse:min-h-11';

function ThemeMenu() {
  const chosen = usePreference(theme);
  const icon = THEMES.find(({ value }) => value === chosen)?.icon ?? 'system';
  return (
    <Popup label={`Theme: ${chosen}`} trigger={<Icon name={icon} size={18} />}>
      <Menu.RadioGroup value={chosen} onValueChange={(value: Theme) => theme.set(value)}>
        {THEMES.map(({ value, label, icon: picture }) => (
          <Menu.RadioItem key={value} value={value} className={ITEM} closeOnClick>
            <Icon name={picture} />
            {label}
            <Menu.RadioItemIndicator className="ml-auto text-accent">
              <Icon name="check" />
            </Menu.RadioItemIndicator>
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </Popup>
  );
}

function AccountMenu({ name, account, role }: { name: string; account: string; role: string }) {
  const signOut = useSignOut();
  const [failure, setFailure] = useState('');
  const leave = () =>
    signOut().catch((error: unknown) => {
      setFailure(asApiError(error).message);
      announce(`Not signed out: ${asApiError(error).message}`);
    });
  return (
    <Popup label={`Account of ${name}`} trigger={<Icon name="user" size={18} />}>
      <div className="border-b border-line px-2.5 pt-1.5 pb-2.5">
        <div className="font-medium">{name}</div>
        <div className="text-xs text-muted">
          {account} · {role}
        </div>
      </div>
      <Menu.Item className={`${ITEM} mt-1`} closeOnClick={false} onClick={() => void leave()}>
        Sign out
      </Menu.Item>
      {failure && <div className="max-w-60 px-2.5 py-1.5 text-bad">{failure}</div>}
    </Popup>
  );
}

function Popup({ label, trigger, children }: { label: string; trigger: ReactNode; children: ReactNode }) {
  return (
    <Menu.Root>
      <Menu.Trigger render={<IconButton label={label} />}>{trigger}</Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="z-30">
          <Menu.Popup className={POPUP}>{children}</Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
