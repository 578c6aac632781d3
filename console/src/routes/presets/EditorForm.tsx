import { useQuery } from '@tanstack/react-query';
import { modelsQuery } from '../../api/queries';
import { providersQuery } from '../../api/rules';
import { Section } from '../../ui/Section';
import { type Config, besidesForm } from './config';
import { NumberField, SwitchField, TextField, TextsField, WordField } from './fields';

const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'].map((word) => [word, word] as const);
const VERBOSITIES = ['low', 'medium', 'high'].map((word) => [word, word] as const);
const SORTS = [
  ['price', 'Cheapest first'],
  ['throughput', 'Most tokens per second first'],
  ['latency', 'Quickest first token first'],
  ['exacto', 'Best at calling tools first'],
] as const;
const QUANTIZATIONS = ['int4', 'int8', 'fp4', 'fp6', 'fp8', 'fp16', 'bf16', 'fp32', 'unknown'];

/** The fields of a preset that most people want, each as a control. */
export function EditorForm({ config }: { config: Config }) {
  return (
    <>
      <ModelFields />
      <AnswerFields />
      <ProviderFields />
      <PrivacyFields />
      <CheckFields />
      <Besides names={besidesForm(config)} />
    </>
  );
}

function useModelIds(): string[] {
  return (useQuery(modelsQuery).data ?? []).map((model) => model.id);
}

function useProviderSlugs(): string[] {
  return (useQuery(providersQuery).data ?? []).map((provider) => provider.slug);
}

function ModelFields() {
  const models = useModelIds();
  return (
    <Section title="Model" note="A request that names a model itself gets that one, with the rest of the preset.">
      <TextField path="model" label="Model" suggestions={models} placeholder="the request’s own, or the default" />
      <TextsField path="models" label="Fallback models" noun="model" suggestions={models} placeholder="author/name" hint="Tried in this order when the first model fails" ordered />
    </Section>
  );
}

function AnswerFields() {
  return (
    <Section title="Answer" note="What a request sets itself wins, field by field.">
      <div className="grid gap-5 sm:grid-cols-2">
        <NumberField path="temperature" label="Temperature" hint="0 to 2" />
        <NumberField path="top_p" label="Top p" hint="0 to 1" />
        <NumberField path="max_tokens" label="Longest answer, in tokens" />
        <NumberField path="seed" label="Seed" />
        <WordField path="reasoning.effort" label="Reasoning effort" otherwise="The model’s own" options={EFFORTS} />
        <WordField path="verbosity" label="Verbosity" otherwise="The model’s own" options={VERBOSITIES} />
        <NumberField path="frequency_penalty" label="Frequency penalty" hint="−2 to 2" />
        <NumberField path="presence_penalty" label="Presence penalty" hint="−2 to 2" />
        <NumberField path="top_k" label="Top k" />
      </div>
      <TextsField path="stop" label="Stop texts" noun="stop text" hint="The answer ends before any of these" />
    </Section>
  );
}

function ProviderFields() {
  const providers = useProviderSlugs();
  return (
    <Section title="Providers" note="A slug such as openai means all of a provider; a tag such as google-vertex/us-east5 exactly one endpoint.">
      <WordField path="provider.sort" label="Sort providers" otherwise="Balanced by price (the usual way)" options={SORTS} />
      <TextsField path="provider.order" label="Try first, in this order" noun="provider" suggestions={providers} placeholder="provider" ordered />
      <SwitchField path="provider.allow_fallbacks" label="Go on to other providers when these fail" on={false} inverted />
      <TextsField path="provider.only" label="Only these providers" noun="provider" suggestions={providers} placeholder="any" />
      <TextsField path="provider.ignore" label="Never these providers" noun="provider" suggestions={providers} placeholder="none" />
      <SwitchField path="provider.require_parameters" label="Only endpoints that know every parameter in use" hint="Otherwise a parameter that an endpoint does not know is left out" />
      <TextsField path="provider.quantizations" label="Only these weight formats" noun="format" suggestions={QUANTIZATIONS} placeholder="any" />
      <div className="grid gap-5 sm:grid-cols-2">
        <NumberField path="provider.max_price.prompt" label="Dearest prompt price" hint="US dollars per million tokens" />
        <NumberField path="provider.max_price.completion" label="Dearest answer price" hint="US dollars per million tokens" />
      </div>
    </Section>
  );
}

function PrivacyFields() {
  return (
    <Section title="Privacy" note="Adds to what account and workspace demand; nothing here can loosen that.">
      <SwitchField path="provider.data_collection" on="deny" label="No providers that keep prompts or train on them" />
      <SwitchField path="provider.zdr" label="Zero data retention only" />
      <SwitchField path="provider.enforce_distillable_text" label="Only models whose author allows training on answers" />
    </Section>
  );
}

function CheckFields() {
  return (
    <Section title="Checks and ceilings" note="An answer that breaks a check is not delivered: the next endpoint is tried. It still costs what it cost.">
      <div className="space-y-2">
        <SwitchField path="validate.non_empty" label="Not empty" />
        <SwitchField path="validate.not_truncated" label="Not cut off by a length limit" />
        <SwitchField path="validate.not_refusal" label="Not a refusal" />
        <SwitchField path="validate.tool_calls" label="Tool calls fit the tools" />
      </div>
      <div className="grid gap-5 sm:grid-cols-2">
        <TextField path="validate.regex" label="Text matches" placeholder="regular expression" />
        <TextField path="validate.language" label="Language" placeholder="en" hint="ISO 639 code" />
        <TextField path="max_cost" label="Dearest request, in US dollars" placeholder="0.05" hint="Over all attempts together" />
      </div>
      <div className="grid gap-5 sm:grid-cols-3">
        <TextField path="pin.provider" label="Pinned provider" />
        <TextField path="pin.model" label="Pinned model" />
        <TextField path="pin.region" label="Pinned region" />
      </div>
      <p className="text-muted">A pin fails rather than letting anything else serve. A JSON Schema for answers goes into the JSON view, as validate.json_schema.</p>
    </Section>
  );
}

function Besides({ names }: { names: string[] }) {
  if (names.length === 0) return null;
  return (
    <Section title="Also set" note="In the JSON view.">
      <ul className="flex flex-wrap gap-1.5">
        {names.map((name) => (
          <li key={name} className="ident rounded-full border border-line px-2.5 py-0.5">
            {name}
          </li>
        ))}
      </ul>
    </Section>
  );
}
