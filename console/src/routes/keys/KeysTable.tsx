import { Menu } from '@base-ui/react/menu';
import type { Key } from '../../api/types';
import { formatBalance, formatCost, formatExact, usdOrNothing } from '../../format/money';
import { IconButton } from '../../ui/Button';
import { Icon } from '../../ui/icons';
import { Cost, Status, Time } from '../../ui/values';
import { idleness, shortLabel, type Standing, standingOf, usedShare } from './standing';

/** What can be done to one key. */
export type KeyActions = { onToggle: (key: Key) => void; onDelete: (key: Key) => void };

const TONES: Record<Standing, 'ok' | 'warn' | 'off'> = { active: 'ok', exhausted: 'warn', disabled: 'off', expired: 'off' };
const WORDS: Record<Standing, string> = { active: 'Active', exhausted: 'Limit used up', disabled: 'Disabled', expired: 'Expired' };

/** Keys as a table, as cards on phones. */
export function KeysTable({ keys, now, ...actions }: { keys: Key[]; now: Date } & KeyActions) {
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <div className="card relative hidden overflow-x-auto sm:block" role="region" aria-label="Keys" tabIndex={0}>
        <table className="w-full border-collapse">
          <thead>
            <tr>
              <th scope="col" className="th">Name</th>
              <th scope="col" className="th">Status</th>
              <th scope="col" className="th">Key</th>
              <th scope="col" className="th">Limit</th>
              <th scope="col" className="th num">This month</th>
              <th scope="col" className="th">Last used</th>
              <th scope="col" className="th hidden lg:table-cell">Expires</th>
              <th scope="col" className="th"><span className="sr-only">Actions</span></th>
            </tr>
          </thead>
          <tbody>
            {keys.map((key) => (
              <Row key={key.hash} item={key} now={now} {...actions} />
            ))}
          </tbody>
        </table>
      </div>
      <ul className="space-y-3 sm:hidden">
        {keys.map((key) => (
          <Card key={key.hash} item={key} now={now} {...actions} />
        ))}
      </ul>
    </>
  );
}

type RowProps = { item: Key; now: Date } & KeyActions;

function Row({ item, now, ...actions }: RowProps) {
  const standing = standingOf(item, now);
  return (
    <tr className={`h-11 border-t border-line hover:bg-sunken ${standing === 'active' ? '' : 'text-muted'}`}>
      <th scope="row" className="max-w-64 min-w-32 truncate px-3 text-left font-medium" title={item.name}>
        {item.name}
        {item.is_management_key && <ManagementBadge />}
      </th>
      <td className="px-3">
        <Status tone={TONES[standing]}>{WORDS[standing]}</Status>
      </td>
      <td className="ident px-3 whitespace-nowrap text-muted" title={`Hash ${item.hash}`}>
        {shortLabel(item.label)}
      </td>
      <td className="px-3 py-1">
        <Limit item={item} />
      </td>
      <td className="num ident px-3" title={`${formatExact(usdOrNothing(item.usage))} since it was made`}>
        {formatCost(usdOrNothing(item.usage_monthly))}
      </td>
      <td className="px-3 py-1">
        <LastUsed item={item} now={now} />
      </td>
      <td className="hidden px-3 lg:table-cell">
        <Time at={item.expires_at} otherwise="Never" day />
      </td>
      <td className="px-1 text-right">
        <RowMenu item={item} {...actions} />
      </td>
    </tr>
  );
}

function Card({ item, now, ...actions }: RowProps) {
  const standing = standingOf(item, now);
  return (
    <li className="card p-3.5">
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <h2 className="font-medium break-words">
            {item.name}
            {item.is_management_key && <ManagementBadge />}
          </h2>
          <div className="ident text-muted">{shortLabel(item.label)}</div>
        </div>
        <RowMenu item={item} {...actions} />
      </div>
      <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-1.5">
        <Status tone={TONES[standing]}>{WORDS[standing]}</Status>
        <span className="text-muted">
          <Cost amount={usdOrNothing(item.usage_monthly)} /> this month
        </span>
        <LastUsed item={item} now={now} />
      </div>
      {item.limit !== null && (
        <div className="mt-2">
          <Limit item={item} />
        </div>
      )}
    </li>
  );
}

function ManagementBadge() {
  return (
    <span className="ml-2 rounded-full border border-warn px-2 text-xs font-normal text-warn" title="Administers keys; cannot call models">
      management
    </span>
  );
}

function Limit({ item }: { item: Key }) {
  const share = usedShare(item);
  if (share === null) return <span className="text-muted">No limit</span>;
  const left = usdOrNothing(item.limit_remaining);
  const colour = share >= 1 ? 'text-bad' : share >= 0.8 ? 'text-warn' : 'text-accent';
  return (
    <div className="min-w-36">
      <div className="flex justify-between gap-3 text-xs whitespace-nowrap">
        <span>
          {formatBalance(left)} of {formatBalance(usdOrNothing(item.limit))} left
        </span>
        <span className="text-muted">{item.limit_reset ?? 'no reset'}</span>
      </div>
      <svg aria-hidden="true" className={`mt-1 h-1 w-full rounded-full ${colour}`} viewBox="0 0 100 4" preserveAspectRatio="none">
        <rect width="100" height="4" className="fill-line" />
        <rect width={share * 100} height="4" fill="currentColor" />
      </svg>
    </div>
  );
}

function LastUsed({ item, now }: { item: Key; now: Date }) {
  const badge = idleness(item, now);
  return (
    <span className="inline-flex flex-wrap items-center gap-x-2 text-muted">
      {item.last_used_at && <Time at={item.last_used_at} day />}
      {badge && <span className="rounded-full border border-line px-2 text-xs whitespace-nowrap">{badge}</span>}
    </span>
  );
}

const ITEM = 'flex min-h-9 items-center gap-2.5 rounded-ctl px-2.5 outline-none data-highlighted:bg-sunken pointer-coarse:min-h-11';

function RowMenu({ item, onToggle, onDelete }: { item: Key } & KeyActions) {
  return (
    <Menu.Root>
      <Menu.Trigger render={<IconButton label={`Actions for ${item.name}`} />}>
        <Icon name="more" size={18} />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Positioner align="end" sideOffset={4} className="z-30">
          <Menu.Popup className="min-w-40 rounded-card border border-line bg-raised p-1 shadow-float outline-none">
            <Menu.Item className={ITEM} onClick={() => onToggle(item)}>
              <Icon name={item.disabled ? 'check' : 'stop'} />
              {item.disabled ? 'Enable' : 'Disable'}
            </Menu.Item>
            <Menu.Item className={`${ITEM} text-bad`} onClick={() => onDelete(item)}>
              <Icon name="trash" />
              Delete…
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}
