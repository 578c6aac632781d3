import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import type { ApiError } from '../../api/errors';
import { modelsQuery } from '../../api/queries';
import { providersQuery } from '../../api/rules';
import { Choice, Field, Select, Toggle } from '../../ui/form';
import { ListField } from '../../ui/ListField';
import { Section } from '../../ui/Section';
import { Suggest } from '../../ui/Suggest';
import { JsonField } from '../presets/Editor';
import { AUTHORS, type Settings } from './settings';

type Props = { settings: Settings; onChange: (settings: Settings) => void; refusal: ApiError | null };
type Part = { settings: Settings; set: (changes: Partial<Settings>) => void; errorOf: (field: string) => string | undefined };

/** All settings of one scope, privacy first. `onRules` learns whether the text of the further rules can be read. */
export function SettingsForm({ settings, onChange, refusal, onProblem }: Props & { onProblem: (problem: string | undefined) => void }) {
  const errorOf = (field: string) => {
    if (!refusal?.param || (refusal.param !== field && !refusal.param.startsWith(`${field}.`))) return undefined;
    return refusal.message.replace(`${refusal.param}: `, '');
  };
  const part: Part = { settings, set: (changes) => onChange({ ...settings, ...changes }), errorOf };
  return (
    <>
      <PrivacyPart {...part} />
      <DefaultsPart {...part} />
      <ProvidersPart {...part} />
      <ModelsPart {...part} />
      <RulesPart {...part} refusal={refusal} onProblem={onProblem} />
    </>
  );
}

function PrivacyPart({ settings, set }: Part) {
  return (
    <Section title="Privacy" note="What a provider does not publish counts as the worst case. When nothing is left a request fails and says so; nothing is relaxed silently.">
      <fieldset className="space-y-2">
        <legend className="mb-1.5 font-medium">Training and publication</legend>
        <Toggle label="Paid endpoints may train on prompts" checked={settings.enable_paid_model_training} onChange={(on) => set({ enable_paid_model_training: on })} />
        <Toggle label="Free endpoints may train on prompts" checked={settings.enable_free_model_training} onChange={(on) => set({ enable_free_model_training: on })} />
        <Toggle label="Free endpoints may publish prompts" checked={settings.enable_free_model_publication} onChange={(on) => set({ enable_free_model_publication: on })} />
      </fieldset>
      <fieldset className="space-y-2">
        <legend className="mb-1.5 font-medium">Zero data retention</legend>
        <Toggle label="For all models" hint="Only endpoints that keep nothing of a request" checked={settings.enforce_zdr} onChange={(on) => set({ enforce_zdr: on })} />
        <div className="flex flex-wrap gap-x-6 gap-y-2 pl-6">
          {AUTHORS.map(([name, author]) => (
            <Toggle key={name} label={author} checked={settings.enforce_zdr || settings[name]} disabled={settings.enforce_zdr} onChange={(on) => set({ [name]: on })} />
          ))}
        </div>
      </fieldset>
    </Section>
  );
}

const SORTS = [
  ['', 'Balanced by price (the usual way)'],
  ['price', 'Cheapest first'],
  ['throughput', 'Most tokens per second first'],
  ['latency', 'Quickest first token first'],
  ['exacto', 'Best at calling tools first'],
] as const;

function DefaultsPart({ settings, set, errorOf }: Part) {
  const models = (useQuery(modelsQuery).data ?? []).map((model) => model.id);
  return (
    <Section title="Defaults" note="For requests that say nothing themselves; a request or preset that does goes its own way.">
      <Field label="Default model" hint="Serves requests that name no model" error={errorOf('default_text_model')}>
        {(control) => (
          <Suggest
            {...control}
            value={settings.default_text_model ?? ''}
            items={models}
            placeholder="none: such requests are refused"
            onChange={(model) => set({ default_text_model: model === '' ? null : model })}
          />
        )}
      </Field>
      <Select
        label="Provider order"
        value={settings.default_provider_sort ?? ''}
        options={SORTS}
        error={errorOf('default_provider_sort')}
        onChange={(sort) => set({ default_provider_sort: sort === '' ? null : sort })}
      />
    </Section>
  );
}

function ProvidersPart({ settings, set, errorOf }: Part) {
  const providers = (useQuery(providersQuery).data ?? []).map((provider) => provider.slug);
  return (
    <Section title="Providers" note="By slug, such as openai; by endpoint tag, such as google-vertex/us-east5; or by display name.">
      <Only legend="Allowed providers" all="All providers" list={settings.allowed_providers} onChange={(list) => set({ allowed_providers: list })}>
        {(list) => (
          <ListField
            label="Only these"
            noun="provider"
            entries={list}
            suggestions={providers}
            error={errorOf('allowed_providers')}
            hint={list.length === 0 ? 'While the list is empty every request fails' : undefined}
            onChange={(next) => set({ allowed_providers: next })}
          />
        )}
      </Only>
      <ListField
        label="Ignored providers"
        noun="provider"
        entries={settings.ignored_providers}
        suggestions={providers}
        error={errorOf('ignored_providers')}
        onChange={(next) => set({ ignored_providers: next })}
      />
      <Only legend="Regions" all="All regions" list={settings.allowed_regions} onChange={(list) => set({ allowed_regions: list })}>
        {(list) => (
          <ListField
            label="Only in these regions"
            noun="region"
            entries={list}
            suggestions={['eu', 'us']}
            error={errorOf('allowed_regions')}
            hint="An endpoint whose region is unknown is in none"
            onChange={(next) => set({ allowed_regions: next })}
          />
        )}
      </Only>
    </Section>
  );
}

function ModelsPart({ settings, set, errorOf }: Part) {
  const models = (useQuery(modelsQuery).data ?? []).map((model) => model.id);
  return (
    <Section title="Models" note="Ids, in which * stands for any text: anthropic/* means all of that author.">
      <Only legend="Allowed models" all="All models" list={settings.allowed_models} onChange={(list) => set({ allowed_models: list })}>
        {(list) => (
          <ListField
            label="Only these"
            noun="model"
            entries={list}
            suggestions={models}
            error={errorOf('allowed_models')}
            hint={list.length === 0 ? 'While the list is empty every request fails' : undefined}
            onChange={(next) => set({ allowed_models: next })}
          />
        )}
      </Only>
      <ListField
        label="Ignored models"
        noun="model"
        entries={settings.ignored_models}
        suggestions={models}
        error={errorOf('ignored_models')}
        onChange={(next) => set({ ignored_models: next })}
      />
    </Section>
  );
}

/** Everything, or only what a list names. */
function Only({ legend, all, list, onChange, children }: { legend: string; all: string; list: string[] | null; onChange: (list: string[] | null) => void; children: (list: string[]) => ReactNode }) {
  // Going back and forth keeps the list.
  const [kept, setKept] = useState<string[]>([]);
  const choose = (value: 'all' | 'only') => {
    if (value === 'all') setKept(list ?? []);
    onChange(value === 'all' ? null : kept);
  };
  return (
    <div className="space-y-3">
      <Choice
        legend={legend}
        options={[
          { value: 'all', label: all },
          { value: 'only', label: 'Only some' },
        ]}
        value={list === null ? 'all' : 'only'}
        onChange={choose}
      />
      {list !== null && <div className="border-l-2 border-line pl-4">{children(list)}</div>}
    </div>
  );
}

function RulesPart({ settings, set, refusal, onProblem }: Part & { refusal: ApiError | null; onProblem: (problem: string | undefined) => void }) {
  const [text, setText] = useState(() => JSON.stringify(settings.rules, null, 2));
  const { rules, problem } = parseRules(text);
  const isMeant = refusal?.param && !(refusal.param in settings && refusal.param !== 'rules') && rules !== undefined && rules.length > 0;
  const type = (next: string) => {
    setText(next);
    const parsed = parseRules(next);
    onProblem(parsed.problem);
    // Also where it is no JSON yet: whatever is typed ends the refusal of what was there before.
    set({ rules: parsed.rules ?? settings.rules });
  };
  return (
    <Section
      title="Further rules"
      note={
        <>
          For some requests only: by metadata, header, customer, feature or region, or for a share of conversations. A list of objects with <code className="ident">when</code>,{' '}
          <code className="ident">split</code>, <code className="ident">restrict</code> and <code className="ident">prefer</code>.
        </>
      }
    >
      <JsonField label="Rules as JSON" rows={24} text={text} onChange={type} problem={problem ?? (isMeant ? refusal.message : undefined)} />
      {settings.rules.length === 0 && !problem && (
        <details>
          <summary className="cursor-pointer text-muted">An example</summary>
          <pre className="ident mt-2 overflow-x-auto rounded-card border border-line bg-sunken p-4">{EXAMPLE}</pre>
        </details>
      )}
    </Section>
  );
}

const EXAMPLE = JSON.stringify([{ when: { feature: ['medical*'] }, restrict: { zdr: true } }, { split: { name: 'trial', from: 0, to: 10 }, prefer: { sort: 'throughput' } }], null, 2);

function parseRules(text: string): { rules?: unknown[]; problem?: string } {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '[]' : text);
    return Array.isArray(value) ? { rules: value } : { problem: 'Must be a list: [ … ]' };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
