import type { Endpoint } from '../../api/types';
import { formatContext, formatDuration, formatUptime } from '../../format/figures';
import { formatTokenPrice, usd } from '../../format/money';
import { EmptyState } from '../../ui/states';
import { Status } from '../../ui/values';

/** Who serves a model, at what price and how well; cards on phones. */
export function ProvidersTable({ endpoints }: { endpoints: Endpoint[] }) {
  if (endpoints.length === 0) {
    return <EmptyState title="No provider right now">The model is known, but no configured provider offers it.</EmptyState>;
  }
  const everything = [...new Set(endpoints.flatMap((endpoint) => endpoint.supported_parameters))];
  return (
    <>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <div className="card relative hidden overflow-x-auto sm:block" role="region" aria-label="Providers" tabIndex={0}>
        <table className="w-full border-collapse">
          <thead>
            <tr>
              <th scope="col" className="th">Provider</th>
              <th scope="col" className="th">Status</th>
              <th scope="col" className="th num">Prompt</th>
              <th scope="col" className="th num">Answer</th>
              <th scope="col" className="th num">Context</th>
              <th scope="col" className="th num">First token p50 / p90</th>
              <th scope="col" className="th num">Speed p50</th>
              <th scope="col" className="th num">Uptime 30 min / 24 h</th>
              <th scope="col" className="th">Without</th>
            </tr>
          </thead>
          <tbody>
            {endpoints.map((endpoint) => (
              <Row key={endpoint.tag} endpoint={endpoint} everything={everything} />
            ))}
          </tbody>
        </table>
      </div>
      <ul className="space-y-3 sm:hidden">
        {endpoints.map((endpoint) => (
          <Card key={endpoint.tag} endpoint={endpoint} />
        ))}
      </ul>
    </>
  );
}

function Row({ endpoint, everything }: { endpoint: Endpoint; everything: string[] }) {
  const missing = everything.filter((name) => !endpoint.supported_parameters.includes(name));
  return (
    <tr className="h-11 border-t border-line hover:bg-sunken">
      <th scope="row" className="px-3 py-1 text-left font-medium">
        {endpoint.provider_name}
        <span className="ident block text-xs font-normal text-muted">{tagLine(endpoint)}</span>
      </th>
      <td className="px-3">
        <State endpoint={endpoint} />
      </td>
      <td className="num px-3">{formatTokenPrice(usd(endpoint.pricing.prompt))}</td>
      <td className="num px-3">{formatTokenPrice(usd(endpoint.pricing.completion))}</td>
      <td className="num px-3">{formatContext(endpoint.context_length)}</td>
      <td className="num px-3">{latency(endpoint)}</td>
      <td className="num px-3">{speed(endpoint)}</td>
      <td className="num px-3">{uptime(endpoint)}</td>
      <td className="max-w-52 px-3 text-xs text-muted">{missing.length === 0 ? '—' : missing.join(', ')}</td>
    </tr>
  );
}

function Card({ endpoint }: { endpoint: Endpoint }) {
  const figures: [string, string][] = [
    ['Prompt', formatTokenPrice(usd(endpoint.pricing.prompt))],
    ['Answer', formatTokenPrice(usd(endpoint.pricing.completion))],
    ['First token', latency(endpoint)],
    ['Speed', speed(endpoint)],
  ];
  return (
    <li className="card p-3.5">
      <div className="flex items-start justify-between gap-3">
        <h3 className="font-medium">
          {endpoint.provider_name}
          <span className="ident block text-xs font-normal text-muted">{tagLine(endpoint)}</span>
        </h3>
        <State endpoint={endpoint} />
      </div>
      <dl className="mt-2 grid grid-cols-2 gap-x-4 gap-y-1.5">
        {figures.map(([term, value]) => (
          <div key={term}>
            <dt className="text-xs text-muted">{term}</dt>
            <dd className="tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function State({ endpoint }: { endpoint: Endpoint }) {
  if (endpoint.status === null || endpoint.status === undefined) return <Status tone="off">unknown</Status>;
  return endpoint.status === 0 ? <Status tone="ok">available</Status> : <Status tone="warn">degraded</Status>;
}

function tagLine(endpoint: Endpoint): string {
  const { tag, quantization } = endpoint;
  return quantization && quantization !== 'unknown' && !tag.includes(quantization) ? `${tag} · ${quantization}` : tag;
}

function latency({ latency_last_30m: measured }: Endpoint): string {
  return measured ? `${formatDuration(measured.p50)} / ${formatDuration(measured.p90)}` : 'not measured yet';
}

function speed({ throughput_last_30m: measured }: Endpoint): string {
  return measured ? `${Math.round(measured.p50)} tok/s` : '—';
}

function uptime({ uptime_last_30m: half, uptime_last_1d: day }: Endpoint): string {
  const write = (percent: number | null | undefined) => (percent === null || percent === undefined ? '—' : formatUptime(percent));
  return half === null || half === undefined ? write(day) : `${write(half)} / ${write(day)}`;
}
