import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { asApiError } from '../../api/errors';
import { SignedIn } from '../../app/session';
import { announce } from '../../ui/announce';
import { buttonClass } from '../../ui/Button';
import { Field } from '../../ui/form';
import { Page } from '../../ui/Page';
import { SaveBar, showProblem } from '../../ui/SaveBar';
import { Section } from '../../ui/Section';
import { ErrorPanel } from '../../ui/states';
import { type Draft, slugOf, slugProblem } from './config';
import { Editor } from './Editor';
import { PlanNow } from './PlanNow';
import { save } from './save';
import { STARTERS } from './starters';

/** `/presets/~new`: the first version of a preset. No slug has a tilde, so no preset can stand in the way. */
export function NewPresetPage() {
  return (
    <SignedIn>
      <NewPreset />
    </SignedIn>
  );
}

type Head = { name: string; slug: string; description: string };

function NewPreset() {
  const search = useSearch({ from: '/presets/~new' });
  const starter = STARTERS.find(({ id }) => id === search.starter);
  const [head, setHead] = useState<Head>({ name: starter?.name ?? '', slug: '', description: starter?.about ?? '' });
  const [draft, setDraft] = useState<Draft>({ prompt: '', config: starter?.config ?? {} });
  const [problem, setProblem] = useState<string>();
  const [touched, setTouched] = useState(starter !== undefined);
  const [checked, setChecked] = useState(false);
  const slug = head.slug === '' ? slugOf(head.name) : head.slug;
  const create = useCreate({ slug, head, draft });
  const wrong = slugProblem(slug);
  const submit = () => {
    setChecked(true);
    if (!wrong && !problem) return create.mutate();
    announce(wrong ?? problem ?? '');
    showProblem();
  };
  const touch = () => {
    if (create.isError) create.reset();
    setTouched(true);
  };
  const edit = (next: Draft) => {
    touch();
    setDraft(next);
  };
  const refusal = create.isError ? asApiError(create.error) : null;
  return (
    <Page
      title="Create preset"
      lead="Saving makes its first version; requests can use it at once."
      actions={
        <Link to="/presets" className={buttonClass()}>
          All presets
        </Link>
      }
    >
      <Editor draft={draft} onChange={edit} onProblem={setProblem} refusal={refusal}>
        <NameSection
          head={head}
          slug={slug}
          error={checked ? wrong : refusal?.param === 'slug' ? refusal.message.replace(/^slug: /, '') : undefined}
          onChange={(next) => {
            touch();
            setHead(next);
          }}
        />
      </Editor>
      <PlanNow draft={draft} />
      {create.isError && (
        <div className="pb-4">
          <ErrorPanel error={create.error} what="Not saved" />
        </div>
      )}
      <SaveBar label="Create preset" dirty={touched && !create.isSuccess} busy={create.isPending} onSave={submit} failure={create.error}>
        {problem ? 'The JSON has an error.' : slug !== '' && !wrong ? `Requests will write @preset/${slug}` : ''}
      </SaveBar>
    </Page>
  );
}

function NameSection({ head, slug, error, onChange }: { head: Head; slug: string; error?: string; onChange: (head: Head) => void }) {
  return (
    <Section title="Name">
      <Field label="Name">
        {(control) => <input {...control} className="field" maxLength={200} value={head.name} autoComplete="off" onChange={(event) => onChange({ ...head, name: event.target.value })} />}
      </Field>
      <Field label="Slug" hint="What requests write, as @preset/slug. It cannot be changed later." error={error}>
        {(control) => (
          <input {...control} className="field ident" maxLength={64} value={head.slug} placeholder={slug} autoComplete="off" spellCheck={false} onChange={(event) => onChange({ ...head, slug: event.target.value })} />
        )}
      </Field>
      <Field label="Description">
        {(control) => <input {...control} className="field" maxLength={2000} value={head.description} autoComplete="off" onChange={(event) => onChange({ ...head, description: event.target.value })} />}
      </Field>
    </Section>
  );
}

function useCreate({ slug, head, draft }: { slug: string; head: Head; draft: Draft }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: () => save(client, { slug, draft, details: { name: head.name.trim(), description: head.description.trim() }, base: null }),
    onSuccess: () => {
      announce(`Preset ${slug} created`);
      // The page is left after it knows that nothing is unsaved any more.
      setTimeout(() => void navigate({ to: '/presets/$slug', params: { slug }, search: { tab: 'use' } }));
    },
  });
}
