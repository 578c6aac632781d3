import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { changePreset, presetsQuery, versionsQuery } from '../../api/rules';
import type { FullPreset, PresetVersion } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Select } from '../../ui/form';
import { ErrorPanel, SkeletonRows } from '../../ui/states';
import { Time } from '../../ui/values';
import { linesOf } from './config';
import { Difference } from './DifferenceView';
import { draftOf } from './EditPanel';

/** Everything that the preset held: look at one, compare two, go back to one. What is compared stands in the address. */
export function VersionsPanel({ preset }: { preset: FullPreset }) {
  const versions = useQuery(versionsQuery(preset.slug));
  return (
    <div className="space-y-6">
      {versions.isPending && <SkeletonRows rows={4} columns={4} label="Loading versions" />}
      {versions.isError && !versions.data && <ErrorPanel error={versions.error} onRetry={() => void versions.refetch()} />}
      {versions.data && <Versions preset={preset} versions={versions.data} />}
    </div>
  );
}

function Versions({ preset, versions }: { preset: FullPreset; versions: PresetVersion[] }) {
  const search = useSearch({ from: '/presets/$slug' });
  const navigate = useNavigate({ from: '/presets/$slug' });
  const find = (number: string | undefined) => versions.find(({ version }) => String(version) === number);
  const shown = find(search.version) ?? find(String(preset.designated_version_number)) ?? versions[0];
  const previous = versions.find(({ version }) => shown !== undefined && version < shown.version);
  const against = find(search.against) ?? previous ?? shown;
  const compare = (version: string, other: string | undefined) =>
    void navigate({ search: { tab: 'versions', version, against: other }, replace: true, resetScroll: false });
  if (!shown || !against) return null;
  const options = versions.map(({ version }) => [String(version), `Version ${version}${version === preset.designated_version_number ? ', in use' : ''}`] as const);
  return (
    <>
      <List preset={preset} versions={versions} shown={shown.version} onShow={(version) => compare(String(version), undefined)} />
      <section aria-labelledby="compare" className="max-w-4xl min-w-0">
        <h2 id="compare" className="mb-3 text-md font-semibold">
          Compare
        </h2>
        <div className="mb-4 grid max-w-xl gap-4 sm:grid-cols-2">
          <Select label="From" value={String(against.version)} options={options} onChange={(other) => compare(String(shown.version), other)} />
          <Select label="To" value={String(shown.version)} options={options} onChange={(version) => compare(version, String(against.version))} />
        </div>
        <Difference before={against === shown ? [] : linesOf(draftOf(against))} after={linesOf(draftOf(shown))} names={against === shown ? ['nothing', `version ${shown.version}`] : [`version ${against.version}`, `version ${shown.version}`]} />
      </section>
    </>
  );
}

function List({ preset, versions, shown, onShow }: { preset: FullPreset; versions: PresetVersion[]; shown: number; onShow: (version: number) => void }) {
  const client = useQueryClient();
  const use = useMutation({
    mutationFn: (version: number) => changePreset(preset.slug, { designated_version: version }),
    onSuccess: (_, version) => {
      announce(`Version ${version} is in use`);
      return client.invalidateQueries({ queryKey: presetsQuery.queryKey });
    },
  });
  return (
    <section aria-labelledby="versions">
      <h2 id="versions" className="sr-only">
        Versions
      </h2>
      {use.isError && (
        <div className="mb-3">
          <ErrorPanel error={use.error} what="Not changed" />
        </div>
      )}
      <ul className="card divide-y divide-line">
        {versions.map((version) => (
          <li key={version.id} className={`flex flex-wrap items-center gap-x-4 gap-y-1 px-3.5 py-2 ${version.version === shown ? 'bg-sunken' : ''}`}>
            <span className="w-24 font-medium">Version {version.version}</span>
            <span className="w-40 text-muted">
              <Time at={version.created_at} />
            </span>
            <span className="ident min-w-0 flex-1 basis-48 truncate text-muted">{summary(version)}</span>
            <span className="ml-auto flex items-center gap-2">
              {version.version === preset.designated_version_number ? (
                <span className="px-3 font-medium text-ok">In use</span>
              ) : (
                <Button disabled={use.isPending} aria-label={`Use again: version ${version.version}`} onClick={() => use.mutate(version.version)}>
                  Use again
                </Button>
              )}
              <Button kind="quiet" aria-pressed={version.version === shown} aria-label={`Compare version ${version.version} with the one before`} onClick={() => onShow(version.version)}>
                Compare
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What a version is about, in one line. */
function summary(version: PresetVersion): string {
  const { config, prompt } = draftOf(version);
  const model = typeof config.model === 'string' ? config.model : '';
  const others = Object.keys(config).filter((name) => name !== 'model');
  return [model, ...others, prompt === '' ? '' : 'system prompt'].filter(Boolean).join(', ') || 'nothing';
}
