import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { presetsQuery } from '../../api/rules';
import type { Preset } from '../../api/types';
import { useRowKeys } from '../../app/rows';
import { SignedIn } from '../../app/session';
import { useShortcuts } from '../../app/shortcuts';
import { plural } from '../../format/figures';
import { buttonClass } from '../../ui/Button';
import { CopyIcon } from '../../ui/copy';
import { Icon } from '../../ui/icons';
import { Page } from '../../ui/Page';
import { EmptyState, ErrorPanel, SkeletonRows } from '../../ui/states';
import { Status, Time } from '../../ui/values';
import { STARTERS } from './starters';

/** `/presets`: the workspace's presets. */
export function PresetsPage() {
  return (
    <SignedIn>
      <Presets />
    </SignedIn>
  );
}

function Presets() {
  const presets = useQuery(presetsQuery);
  const navigate = useNavigate();
  useShortcuts({ n: () => void navigate({ to: '/presets/~new' }) });
  useRowKeys('reference');
  const button = (
    <Link to="/presets/~new" className={buttonClass('primary')}>
      <Icon name="plus" />
      Create preset
    </Link>
  );
  return (
    <Page title="Presets" lead="A model, settings and a system prompt under one name that requests use like a model id." actions={button}>
      {presets.isPending && <SkeletonRows rows={4} columns={5} label="Loading presets" />}
      {presets.isError && !presets.data && <ErrorPanel error={presets.error} onRetry={() => void presets.refetch()} what="Presets" />}
      {presets.data?.length === 0 && <Nothing />}
      {presets.data && presets.data.length > 0 && <List presets={presets.data} />}
    </Page>
  );
}

/** What a first preset could be. */
function Nothing() {
  return (
    <div className="space-y-4">
      <EmptyState title="No presets yet">
        Change the model, the provider or the prompt of all your programs in one place: they ask for{' '}
        <code className="ident">@preset/name</code> and get the version that is in use. Begin with one of these, or with nothing.
      </EmptyState>
      <ul className="grid gap-3 sm:grid-cols-3">
        {STARTERS.map((starter) => (
          <li key={starter.id}>
            <Link to="/presets/~new" search={{ starter: starter.id }} className="card block h-full p-4 hover:border-ctl">
              <span className="font-medium">{starter.name}</span>
              <span className="mt-1 block text-muted">{starter.about}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

const TONES: Record<string, 'ok' | 'off' | undefined> = { active: 'ok' };

function StatusWord({ preset }: { preset: Preset }) {
  return <Status tone={TONES[preset.status] ?? 'off'}>{preset.status}</Status>;
}

function List({ presets }: { presets: Preset[] }) {
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <div className="card relative hidden overflow-x-auto sm:block" role="region" aria-label="Presets" tabIndex={0}>
        <table className="w-full border-collapse">
          <thead>
            <tr>
              <th scope="col" className="th">Name</th>
              <th scope="col" className="th">Requests write</th>
              <th scope="col" className="th">Status</th>
              <th scope="col" className="th">Version in use</th>
              <th scope="col" className="th">Last change</th>
            </tr>
          </thead>
          <tbody>
            {presets.map((preset) => (
              <tr key={preset.id} className={`h-11 border-t border-line hover:bg-sunken ${preset.status === 'active' ? '' : 'text-muted'}`}>
                <th scope="row" className="max-w-96 px-3 py-1.5 text-left">
                  <Link to="/presets/$slug" params={{ slug: preset.slug }} data-row-id={`@preset/${preset.slug}`} className="font-medium text-text hover:underline">
                    {preset.name}
                  </Link>
                  {preset.description && <span className="block truncate font-normal text-muted">{preset.description}</span>}
                </th>
                <td className="px-3">
                  <Reference slug={preset.slug} />
                </td>
                <td className="px-3">
                  <StatusWord preset={preset} />
                </td>
                <td className="px-3 whitespace-nowrap tabular-nums">{versionText(preset)}</td>
                <td className="px-3 text-muted">
                  <Time at={preset.updated_at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <ul className="space-y-3 sm:hidden">
        {presets.map((preset) => (
          <li key={preset.id} className="card p-3.5">
            <div className="flex items-start justify-between gap-3">
              <Link to="/presets/$slug" params={{ slug: preset.slug }} data-row-id={`@preset/${preset.slug}`} className="min-w-0 font-medium break-words">
                {preset.name}
              </Link>
              <StatusWord preset={preset} />
            </div>
            {preset.description && <p className="mt-0.5 text-muted">{preset.description}</p>}
            <Reference slug={preset.slug} />
            <div className="mt-1 flex flex-wrap gap-x-4 text-muted">
              <span>Version {versionText(preset)}</span>
              <Time at={preset.updated_at} />
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function versionText({ designated_version_number: number, versions }: Preset): string {
  return number === versions ? `${number}, the newest` : `${number} of ${plural(versions, 'version')}`;
}

function Reference({ slug }: { slug: string }) {
  return (
    <span className="inline-flex max-w-full items-center gap-1">
      <span className="ident truncate">@preset/{slug}</span>
      <CopyIcon text={`@preset/${slug}`} what="reference" className="-my-1.5" />
    </span>
  );
}
