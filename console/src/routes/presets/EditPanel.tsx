import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { asApiError } from '../../api/errors';
import { changePreset, presetsQuery } from '../../api/rules';
import type { FullPreset, PresetVersion } from '../../api/types';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Field } from '../../ui/form';
import { Icon } from '../../ui/icons';
import { LeaveGuard, SaveBar } from '../../ui/SaveBar';
import { Section } from '../../ui/Section';
import { ErrorPanel } from '../../ui/states';
import { PlanView } from '../routing/PlanView';
import { type Config, type Draft, isSame, linesOf } from './config';
import { Difference } from './DifferenceView';
import { Editor } from './Editor';
import { PlanNow } from './PlanNow';
import { save, VersionConflict } from './save';

/** A version as it is edited. */
export function draftOf(version: PresetVersion): Draft {
  return { prompt: version.system_prompt ?? '', config: version.config as Config };
}

/** What a preset holds now; nothing where it has no version. */
function heldBy({ designated_version: version }: FullPreset): Draft {
  return version ? draftOf(version) : { prompt: '', config: {} };
}

/**
 * A draft over the version in use. News from the server replace it while nothing was changed, and wait when something
 * was: saving then says what the news are.
 */
function useDraft(preset: FullPreset) {
  const [base, setBase] = useState(preset);
  const [draft, setDraft] = useState(() => heldBy(preset));
  const [problem, setProblem] = useState<string>();
  const [round, setRound] = useState(0);
  const dirty = problem !== undefined || !isSame(draft, heldBy(base));
  const adopt = (next: FullPreset) => {
    setBase(next);
    setDraft(heldBy(next));
    setProblem(undefined);
    setRound(round + 1);
  };
  if (!dirty && preset.updated_at > base.updated_at) adopt(preset);
  return { base, draft, setDraft, problem, setProblem, round, dirty, adopt };
}

/** Edits the version in use; saving makes the next one. */
export function EditPanel({ preset }: { preset: FullPreset }) {
  const { base, draft, setDraft, problem, setProblem, round, dirty, adopt } = useDraft(preset);
  const client = useQueryClient();
  const store = useMutation({
    mutationFn: (overwrite: boolean) => save(client, { slug: preset.slug, draft, details: null, base, overwrite }),
    onSuccess: ({ preset: stored }) => {
      adopt(stored);
      announce(`Saved as version ${stored.designated_version_number}`);
    },
  });
  const discard = (to: FullPreset) => {
    adopt(to);
    store.reset();
  };
  const edit = (next: Draft) => {
    if (store.isError) store.reset();
    setDraft(next);
  };
  const error = store.error;
  const conflict = error instanceof VersionConflict ? error.theirs : null;
  const nothingServes = store.data?.plan && store.data.plan.attempts.length === 0 ? store.data.plan : null;
  return (
    <>
      <Editor draft={draft} onProblem={setProblem} refusal={error && !conflict ? asApiError(error) : null} onChange={edit} round={round}>
        <Details preset={preset} />
      </Editor>
      <PlanNow draft={draft} />
      <div className="space-y-4 pb-4 empty:hidden">
        {conflict && <Conflict theirs={conflict} mine={draft} onSave={() => store.mutate(true)} onDiscard={() => discard(conflict)} />}
        {error && !conflict && <ErrorPanel error={error} what="Not saved" />}
        {nothingServes && !dirty && <PlanView plan={nothingServes} />}
      </div>
      <SaveBar
        label={`Save as version ${preset.versions + 1}`}
        dirty={dirty}
        busy={store.isPending}
        onSave={() => (problem ? announce(problem) : store.mutate(false))}
        onDiscard={() => discard(preset)}
        failure={store.error}
      >
        {problem ? 'The JSON has an error.' : dirty ? 'Requests get it as soon as it is saved.' : `Version ${base.designated_version_number} is in use.`}
      </SaveBar>
    </>
  );
}

function Conflict({ theirs, mine, onSave, onDiscard }: { theirs: FullPreset; mine: Draft; onSave: () => void; onDiscard: () => void }) {
  const version = theirs.designated_version;
  return (
    <div role="alert" className="rounded-card border border-warn bg-warn-bg p-4 text-text">
      <p className="flex items-start gap-2 font-medium">
        <Icon name="warn" size={20} className="text-warn" />
        Another version came into use while you were editing: now it is {theirs.designated_version_number}. Nothing of yours is lost.
      </p>
      {version && (
        <div className="mt-3">
          <Difference before={linesOf(draftOf(version))} after={linesOf(mine)} names={[`version ${version.version}`, 'yours']} />
        </div>
      )}
      <div className="mt-3 flex flex-wrap gap-2">
        <Button onClick={onSave}>Save mine as version {theirs.versions + 1}</Button>
        <Button onClick={onDiscard}>Take theirs</Button>
      </div>
    </div>
  );
}

/** Name and description, which are of the preset and not of a version. */
function Details({ preset }: { preset: FullPreset }) {
  const [name, setName] = useState(preset.name);
  const [about, setAbout] = useState(preset.description ?? '');
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: () => changePreset(preset.slug, { name: name.trim(), description: about.trim() === '' ? null : about.trim() }),
    onSuccess: () => {
      announce('Name and description saved');
      return client.invalidateQueries({ queryKey: presetsQuery.queryKey });
    },
  });
  const dirty = name.trim() !== preset.name || about.trim() !== (preset.description ?? '');
  const refusal = change.isError ? asApiError(change.error) : null;
  const errorOf = (field: string) => (refusal?.param === field ? refusal.message.replace(`${field}: `, '') : undefined);
  return (
    <Section title="Name" note="Belongs to the preset, not to a version.">
      <Field label="Name" error={errorOf('name')}>
        {(control) => <input {...control} className="field" maxLength={200} value={name} autoComplete="off" onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Description" error={errorOf('description')}>
        {(control) => <input {...control} className="field" maxLength={2000} value={about} autoComplete="off" onChange={(event) => setAbout(event.target.value)} />}
      </Field>
      {dirty && (
        <Button disabled={change.isPending} onClick={() => change.mutate()}>
          {change.isPending ? 'Saving…' : 'Save name and description'}
        </Button>
      )}
      {refusal && refusal.param === null && <ErrorPanel error={refusal} what="Not saved" />}
      <LeaveGuard dirty={dirty && !change.isPending} />
    </Section>
  );
}
