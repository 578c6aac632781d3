import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { asApiError } from '../../api/errors';
import { modelsQuery } from '../../api/queries';
import { explain, presetsQuery } from '../../api/rules';
import { Button } from '../../ui/Button';
import { Field, Select } from '../../ui/form';
import { ErrorPanel, SkeletonRows } from '../../ui/states';
import { Suggest } from '../../ui/Suggest';
import { parseConfig } from '../presets/config';
import { PlanView } from './PlanView';

/** What is asked about, as it stands in the address. */
type Question = { model?: string; preset?: string; question?: string; fields?: string };

const QUESTION = 'Hello!';

/** Who would serve a request, in which order, at what price, and who is left out by whose word. Nobody is called. */
export function PlanPanel() {
  const search = useSearch({ from: '/routing' });
  const asked: Question = { model: search.model, preset: search.preset, question: search.question, fields: search.fields };
  const isAsked = Boolean(asked.model ?? asked.preset);
  const plan = useQuery({
    queryKey: ['plan', asked],
    queryFn: ({ signal }) => explain(requestOf(asked), signal),
    enabled: isAsked,
    staleTime: 0,
    retry: false,
  });
  return (
    <section aria-label="What would happen">
      <p className="mb-4 max-w-[72ch] text-muted">
        Who would serve a request under the saved settings, why, what the others would cost, and who is left out by whose word. Nobody is called and nothing is charged.
      </p>
      <AskForm key={JSON.stringify(asked)} asked={asked} busy={plan.isFetching} onAgain={() => void plan.refetch()} />
      <div className="mt-6" aria-busy={plan.isFetching}>
        {plan.isLoading && <SkeletonRows rows={4} columns={6} label="Planning" />}
        {plan.isError && <ErrorPanel error={asApiError(plan.error)} onRetry={() => void plan.refetch()} what="This request would be refused" />}
        {plan.data && !plan.isError && <PlanView plan={plan.data} />}
      </div>
    </section>
  );
}

/** The chat request that a question stands for. */
export function requestOf({ model, preset, question, fields }: Question): Record<string, unknown> {
  return {
    ...(fields ? parseConfig(fields).config : {}),
    ...(model ? { model } : {}),
    ...(preset ? { preset } : {}),
    messages: [{ role: 'user', content: question ?? QUESTION }],
  };
}

function AskForm({ asked, busy, onAgain }: { asked: Question; busy: boolean; onAgain: () => void }) {
  const navigate = useNavigate({ from: '/routing' });
  const models = (useQuery(modelsQuery).data ?? []).map((model) => model.id);
  const presets = useQuery(presetsQuery).data ?? [];
  const [model, setModel] = useState(asked.model ?? '');
  const [preset, setPreset] = useState(asked.preset ?? '');
  const [question, setQuestion] = useState(asked.question ?? QUESTION);
  const [fields, setFields] = useState(asked.fields ?? '');
  const [checked, setChecked] = useState(false);
  const problem = parseConfig(fields).problem;
  const missing = model === '' && preset === '' ? 'Choose a model or a preset' : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (problem || missing) return;
    const next: Question = { model: model || undefined, preset: preset || undefined, question: question === QUESTION ? undefined : question, fields: fields.trim() || undefined };
    if (JSON.stringify(next) === JSON.stringify(asked)) onAgain();
    else void navigate({ search: { view: 'plan', ...next }, resetScroll: false });
  };
  return (
    <form onSubmit={submit} noValidate className="max-w-3xl space-y-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Model" error={checked ? missing : undefined}>
          {(control) => <Suggest {...control} value={model} items={models} placeholder="author/name" onChange={setModel} />}
        </Field>
        <Select
          label="Preset"
          value={preset}
          options={[['', 'None'], ...presets.map(({ slug, name }) => [slug, name === slug ? slug : `${name} (${slug})`] as const)]}
          onChange={setPreset}
        />
      </div>
      <details open={fields !== '' || question !== QUESTION}>
        <summary className="min-h-6 cursor-pointer text-muted">More about the request</summary>
        <div className="mt-3 grid gap-4 sm:grid-cols-2">
          <Field label="Question" hint="Its length decides what fits and what it costs">
            {(control) => <textarea {...control} className="field" rows={4} value={question} onChange={(event) => setQuestion(event.target.value)} />}
          </Field>
          <Field label="Other fields, as JSON" hint="For example the provider object" error={problem}>
            {(control) => (
              <textarea
                {...control}
                className="field ident"
                rows={4}
                spellCheck={false}
                placeholder='{"provider": {"sort": "price"}, "max_tokens": 500}'
                value={fields}
                onChange={(event) => setFields(event.target.value)}
              />
            )}
          </Field>
        </div>
      </details>
      <Button type="submit" disabled={busy}>
        {busy ? 'Asking…' : 'Who would serve it?'}
      </Button>
    </form>
  );
}
