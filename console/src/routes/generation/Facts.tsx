import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { presetsQuery } from '../../api/rules';
import type { Generation } from '../../api/types';
import { formatDuration, formatThroughput } from '../../format/figures';
import { Ident, Time } from '../../ui/values';
import { Card } from './Card';

/** What is known about a request besides its attempts and its cost. */
export function Facts({ generation }: { generation: Generation }) {
  return (
    <Card title="Facts">
      <dl className="grid grid-cols-[8.5rem_minmax(0,1fr)] gap-x-4 gap-y-1.5">
        {factsOf(generation).map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="py-1 text-muted">{term}</dt>
            <dd className="min-w-0 py-1 break-words">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

function factsOf(generation: Generation): [string, ReactNode][] {
  const { portolan } = generation;
  const [policy, rules] = (portolan.data_policy ?? '').split('; under ');
  const facts: [string, ReactNode][] = [
    ['Id', <Ident key="id" id={generation.id} what="generation id" />],
    ['Time', <Time key="time" at={generation.created_at} />],
    ['Model', <ModelLink key="model" id={generation.model} />],
    ['Asked for', portolan.model_asked === generation.model ? null : <span className="ident">{portolan.model_asked}</span>],
    ['Router', generation.router && <ModelLink id={generation.router} />],
    ['Preset', generation.preset_id && <PresetLink id={generation.preset_id} />],
    ['Provider', generation.provider_name],
    ['Status', portolan.error_type ? `${portolan.status} ${portolan.error_type}` : String(portolan.status)],
    ['Ended with', finish(generation)],
    ['First token', generation.latency === null ? null : formatDuration(generation.latency)],
    ['Generation', generation.generation_time === null ? null : formatDuration(generation.generation_time)],
    ['Speed', speed(generation)],
    ['Delivered', generation.streamed ? 'as a stream' : 'in one piece'],
    ['Provider’s policy', policy],
    ['Rules in force', rules ?? 'none'],
    ['Region', portolan.region],
    ['Application', portolan.app?.title ?? portolan.app?.url],
    ['Customer', portolan.customer],
    ['Feature', portolan.feature],
    ['Session', portolan.session_id && <Ident id={portolan.session_id} what="session id" />],
    ['Client', generation.user_agent],
    ['Upstream id', generation.upstream_id && <Ident id={generation.upstream_id} what="upstream id" />],
  ];
  return facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
}

/** The preset by its name, while it exists; its id stays in the record for good. */
function PresetLink({ id }: { id: string }) {
  const preset = useQuery(presetsQuery).data?.find((one) => one.id === id);
  if (!preset) return <Ident id={id} what="preset id" />;
  return (
    <Link to="/presets/$slug" params={{ slug: preset.slug }} className="link">
      {preset.name}
    </Link>
  );
}

function ModelLink({ id }: { id: string }) {
  const slash = id.indexOf('/');
  if (slash < 0) return <span className="ident">{id}</span>;
  return (
    <Link to="/models/$author/$slug" params={{ author: id.slice(0, slash), slug: id.slice(slash + 1) }} className="link ident">
      {id}
    </Link>
  );
}

function finish(generation: Generation): string | null {
  if (generation.cancelled) return 'cancelled by the client';
  const { finish_reason: reason, native_finish_reason: native } = generation;
  return native && native !== reason ? `${reason ?? '—'} (provider: ${native})` : reason;
}

function speed(generation: Generation): string | null {
  const text = formatThroughput(generation.native_tokens_completion, generation.generation_time);
  return text === '—' ? null : text;
}
