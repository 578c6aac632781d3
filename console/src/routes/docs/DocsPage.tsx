import { useQuery } from '@tanstack/react-query';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { useShortcuts } from '../../app/shortcuts';
import { baseUrl } from '../../app/snippets';
import { InlineText } from '../../ui/InlineText';
import { Page } from '../../ui/Page';
import { EmptyState, ErrorPanel, SkeletonText } from '../../ui/states';
import { Ident } from '../../ui/values';
import { type Document, documentQuery, groupsOf } from './document';
import { OperationView } from './OperationView';

/** `/docs/api`: the reference of this server's API, drawn from its own `/openapi.json`. */
export function DocsPage() {
  const document = useQuery(documentQuery);
  return (
    <Page
      title="API reference"
      lead={
        <span className="flex flex-wrap items-center gap-x-4">
          <span className="inline-flex max-w-full flex-wrap items-center gap-x-2">
            Base URL <Ident id={baseUrl()} what="base URL" short={false} />
          </span>
          <a href="/openapi.json" className="link">
            OpenAPI document
          </a>
        </span>
      }
    >
      {document.isPending && <SkeletonText lines={9} label="Loading the reference" />}
      {document.isError && <ErrorPanel error={document.error} onRetry={() => void document.refetch()} what="Reference" />}
      {document.data && <Reference document={document.data} />}
    </Page>
  );
}

function Reference({ document }: { document: Document }) {
  const [query, setQuery] = useState('');
  const shown = useDeferredValue(query);
  const field = useRef<HTMLInputElement>(null);
  const groups = useMemo(() => groupsOf(document, shown), [document, shown]);
  useShortcuts({ '/': () => field.current?.focus() });
  // The address may name a call; the browser looked for it before it was drawn.
  useEffect(() => globalThis.document.getElementById(globalThis.location.hash.slice(1))?.scrollIntoView(), []);
  return (
    <div className="flex items-start gap-8">
      <nav aria-label="Calls" className="sticky top-18 hidden max-h-[calc(100dvh-6rem)] w-60 shrink-0 overflow-y-auto pb-6 lg:block">
        {groups.map((group) => (
          <div key={group.name} className="mb-4">
            <div className="mb-1 font-medium">{group.name}</div>
            <ul>
              {group.operations.map(({ anchor, summary, path }) => (
                <li key={anchor}>
                  <a href={`#${anchor}`} className="block min-h-6 truncate rounded-ctl py-0.5 text-muted hover:text-text" title={path}>
                    {(summary ?? path).replaceAll('`', '')}
                  </a>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className="max-w-3xl min-w-0 flex-1 space-y-8">
        {document.info.description && (
          <p className="max-w-[72ch] text-muted">
            <InlineText text={document.info.description} />
          </p>
        )}
        <input
          ref={field}
          type="search"
          className="field"
          aria-label="Search calls"
          placeholder="Path or words"
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        {groups.length === 0 && <EmptyState title="No call has these words">Search looks at methods, paths and descriptions.</EmptyState>}
        {groups.map((group) => (
          <section key={group.name} aria-label={group.name} className="space-y-3">
            <h2 className="text-lg font-semibold">{group.name}</h2>
            {group.description && (
              <p className="text-muted">
                <InlineText text={group.description} />
              </p>
            )}
            {group.operations.map((operation) => (
              <OperationView key={operation.anchor} document={document} operation={operation} />
            ))}
          </section>
        ))}
      </div>
    </div>
  );
}
