import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { changePreset, deletePreset, presetQuery, presetsQuery } from '../../api/rules';
import type { FullPreset } from '../../api/types';
import { SignedIn } from '../../app/session';
import { useShortcuts } from '../../app/shortcuts';
import { announce } from '../../ui/announce';
import { Button, buttonClass } from '../../ui/Button';
import { copyText } from '../../ui/copy';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Page } from '../../ui/Page';
import { ErrorPanel, SkeletonText } from '../../ui/states';
import { TabLink, Tabs } from '../../ui/Tabs';
import { Ident, Status } from '../../ui/values';
import { EditPanel } from './EditPanel';
import { UsePanel } from './UsePanel';
import { VersionsPanel } from './VersionsPanel';

/** `/presets/{slug}`: one preset: what it holds, what it held, how requests name it. */
export function PresetPage() {
  return (
    <SignedIn>
      <Preset />
    </SignedIn>
  );
}

const TABS = [
  ['edit', 'Edit'],
  ['versions', 'Versions'],
  ['use', 'Use'],
] as const;

function Preset() {
  const { slug } = useParams({ from: '/presets/$slug' });
  const preset = useQuery(presetQuery(slug));
  useShortcuts({ y: () => void copyText(`@preset/${slug}`, 'reference') });
  return (
    <Page
      title={preset.data?.name ?? slug}
      lead={
        <span className="flex flex-wrap items-center gap-x-4">
          <Ident id={`@preset/${slug}`} what="reference" short={false} />
          {preset.data && <Status tone={preset.data.status === 'active' ? 'ok' : 'off'}>{preset.data.status}</Status>}
        </span>
      }
      actions={preset.data && <Actions preset={preset.data} />}
    >
      {preset.isPending && <SkeletonText lines={9} label="Loading the preset" />}
      {preset.isError && !preset.data && <ErrorPanel error={preset.error} onRetry={() => void preset.refetch()} />}
      {preset.data && <Panels preset={preset.data} />}
    </Page>
  );
}

function Panels({ preset }: { preset: FullPreset }) {
  const search = useSearch({ from: '/presets/$slug' });
  const tab = TABS.find(([name]) => name === search.tab)?.[0] ?? 'edit';
  return (
    <>
      <Tabs label="Parts of the preset">
        {TABS.map(([name, label]) => (
          <TabLink key={name} to="/presets/$slug" params={{ slug: preset.slug }} search={name === 'edit' ? {} : { tab: name }} here={tab === name}>
            {label}
            {name === 'versions' && <span className="ml-1.5 text-muted tabular-nums">{preset.versions}</span>}
          </TabLink>
        ))}
      </Tabs>
      {/* Hidden, not gone: what is half typed survives a look at the other parts. */}
      <div className={tab === 'edit' ? '' : 'hidden'}><EditPanel key={preset.id} preset={preset} /></div>
      {tab === 'versions' && <VersionsPanel preset={preset} />}
      {tab === 'use' && <UsePanel preset={preset} />}
    </>
  );
}

function Actions({ preset }: { preset: FullPreset }) {
  const [deleting, setDeleting] = useState(false);
  const client = useQueryClient();
  const isActive = preset.status === 'active';
  const toggle = useMutation({
    mutationFn: () => changePreset(preset.slug, { status: isActive ? 'disabled' : 'active' }),
    onSuccess: () => {
      announce(`Preset ${preset.slug} is ${isActive ? 'disabled' : 'active'}`);
      return client.invalidateQueries({ queryKey: presetsQuery.queryKey });
    },
  });
  return (
    <>
      {isActive && (
        <Link to="/chat" search={{ model: `@preset/${preset.slug}` }} className={buttonClass()}>
          <Icon name="chat" />
          Try
        </Link>
      )}
      <Button disabled={toggle.isPending} onClick={() => toggle.mutate()} title={isActive ? 'Requests that name it are refused until it is enabled again' : 'Requests can name it again'}>
        {isActive ? 'Disable' : 'Enable'}
      </Button>
      <Button kind="danger" onClick={() => setDeleting(true)}>
        Delete…
      </Button>
      {toggle.isError && <ErrorPanel error={toggle.error} what="Not changed" />}
      <DeleteDialog preset={preset} open={deleting} onClose={() => setDeleting(false)} />
    </>
  );
}

function DeleteDialog({ preset, open, onClose }: { preset: FullPreset; open: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => deletePreset(preset.slug),
    onSuccess: async () => {
      announce(`Preset ${preset.slug} deleted`);
      await navigate({ to: '/presets', ignoreBlocker: true });
      client.removeQueries({ queryKey: presetQuery(preset.slug).queryKey });
      await client.invalidateQueries({ queryKey: presetsQuery.queryKey });
    },
  });
  return (
    <Dialog open={open} onClose={onClose} title={`Delete ${preset.name}?`}>
      <p>
        Requests that name <code className="ident">@preset/{preset.slug}</code> are refused with 404 at once. All {preset.versions === 1 ? 'of it' : `${preset.versions} versions`} and the
        history go with it; records of past requests stay.
      </p>
      <p className="mt-2 text-muted">This cannot be undone. Disabling stops the preset just the same and can be taken back.</p>
      {remove.isError && (
        <div className="mt-4">
          <ErrorPanel error={remove.error} />
        </div>
      )}
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button kind="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
          {remove.isPending ? 'Deleting…' : 'Delete preset'}
        </Button>
      </div>
    </Dialog>
  );
}
