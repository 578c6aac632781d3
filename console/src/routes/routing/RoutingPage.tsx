import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { asApiError } from '../../api/errors';
import { changeRouting, routingQuery, type RoutingScope } from '../../api/rules';
import type { Routing } from '../../api/types';
import { SignedIn, useSession } from '../../app/session';
import { plural } from '../../format/figures';
import { announce } from '../../ui/announce';
import { Page } from '../../ui/Page';
import { SaveBar } from '../../ui/SaveBar';
import { ErrorPanel, SkeletonText } from '../../ui/states';
import { TabLink, Tabs } from '../../ui/Tabs';
import { Time } from '../../ui/values';
import { PlanPanel } from './PlanPanel';
import { changesOf, sentencesOf, type Settings } from './settings';
import { SettingsForm } from './SettingsForm';

/** `/routing`: what holds for all requests, and what would become of one. */
export function RoutingPage() {
  return (
    <SignedIn>
      <RoutingSettings />
    </SignedIn>
  );
}

const VIEWS = [
  ['account', 'Account'],
  ['workspace', 'Workspace'],
  ['plan', 'What would happen'],
] as const;

function RoutingSettings() {
  const { view: named } = useSearch({ from: '/routing' });
  const view = VIEWS.find(([name]) => name === named)?.[0] ?? 'account';
  return (
    <Page title="Routing & privacy" lead="What holds for every request, whoever sends it, and what would become of one.">
      <Tabs label="Views">
        {VIEWS.map(([name, label]) => (
          <TabLink key={name} to="/routing" search={name === 'account' ? {} : { view: name }} here={view === name}>
            {label}
          </TabLink>
        ))}
      </Tabs>
      {view === 'plan' ? <PlanPanel /> : <Scoped isWorkspace={view === 'workspace'} />}
    </Page>
  );
}

function Scoped({ isWorkspace }: { isWorkspace: boolean }) {
  const { workspace_id: workspace } = useSession();
  const scope: RoutingScope = { workspace: isWorkspace ? workspace : null };
  const routing = useQuery(routingQuery(scope));
  return (
    <>
      <p className="mb-6 max-w-[72ch] text-muted">
        {isWorkspace
          ? 'Adds to the account’s settings: what either forbids is forbidden, and a default of the workspace goes before the account’s.'
          : 'Holds in every workspace. Workspace, preset and request can narrow it further, never widen it.'}{' '}
        A change is in force for the next request; answers that are running keep their plan.
      </p>
      {routing.isPending && <SkeletonText lines={9} label="Loading settings" />}
      {routing.isError && !routing.data && <ErrorPanel error={routing.error} onRetry={() => void routing.refetch()} what="Settings" />}
      {routing.data && <Form key={scope.workspace ?? 'account'} scope={scope} routing={routing.data} />}
    </>
  );
}

/** A draft of the settings. News from the server replace it while nothing was changed; changes are sent field by field. */
function useDraft(routing: Routing) {
  const [base, setBase] = useState(routing);
  const [settings, setSettings] = useState<Settings>(routing.data);
  const [problem, setProblem] = useState<string>();
  const [round, setRound] = useState(0);
  const changes = changesOf(base.data, settings);
  const dirty = problem !== undefined || Object.keys(changes).length > 0;
  const adopt = (next: Routing) => {
    setBase(next);
    setSettings(next.data);
    setProblem(undefined);
    setRound(round + 1);
  };
  if (!dirty && (routing.updated_at ?? '') > (base.updated_at ?? '')) adopt(routing);
  return { settings, setSettings, problem, setProblem, round, changes, dirty, adopt };
}

function Form({ scope, routing }: { scope: RoutingScope; routing: Routing }) {
  const { settings, setSettings, problem, setProblem, round, changes, dirty, adopt } = useDraft(routing);
  const client = useQueryClient();
  const store = useMutation({
    mutationFn: () => changeRouting(scope, changes),
    onSuccess: async (answer) => {
      adopt(answer);
      announce('Settings saved');
      client.setQueryData(routingQuery(scope).queryKey, answer);
      await client.invalidateQueries({ queryKey: ['plan'] });
    },
  });
  const edit = (next: Settings) => {
    if (store.isError) store.reset();
    setSettings(next);
  };
  const discard = () => {
    adopt(routing);
    store.reset();
  };
  return (
    <>
      <InForce routing={routing} />
      <SettingsForm key={round} settings={settings} onChange={edit} onProblem={setProblem} refusal={store.isError ? asApiError(store.error) : null} />
      {store.isError && (
        <div className="pb-4">
          <ErrorPanel error={store.error} what="Not saved" />
        </div>
      )}
      <SaveBar label="Save settings" dirty={dirty} busy={store.isPending} onSave={() => (problem ? announce(problem) : store.mutate())} onDiscard={discard} failure={store.error}>
        {problem ? 'The rules have an error.' : dirty ? `${plural(Object.keys(changes).length, 'setting')} changed, not saved yet.` : 'Everything is saved.'}
      </SaveBar>
    </>
  );
}

function InForce({ routing }: { routing: Routing }) {
  return (
    <div className="card mb-8 max-w-4xl p-4">
      <h2 className="font-medium">In force now</h2>
      <ul className="mt-1.5 space-y-1">
        {sentencesOf(routing.data).map((sentence) => (
          <li key={sentence} className="break-words">
            {sentence}
          </li>
        ))}
      </ul>
      <p className="mt-2 text-muted">{routing.updated_at ? <>Last changed <Time at={routing.updated_at} />.</> : 'Never changed.'}</p>
    </div>
  );
}
