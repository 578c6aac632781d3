import { CopyIcon } from '../../ui/copy';
import { InlineText } from '../../ui/InlineText';
import type { Document, Operation } from './document';
import { typeName } from './document';
import { Fields } from './SchemaView';

/** One call: what it takes and what it gives. */
export function OperationView({ document, operation }: { document: Document; operation: Operation }) {
  const { anchor, method, path, summary, description, parameters = [], requestBody, responses = {} } = operation;
  const request = requestBody?.content?.['application/json']?.schema;
  const answers = Object.entries(responses);
  return (
    <article id={anchor} className="card scroll-mt-20 p-4 sm:p-5" aria-labelledby={`${anchor}-title`}>
      <h3 id={`${anchor}-title`} className="text-md font-semibold">
        <InlineText text={summary ?? path} />
      </h3>
      <div className="mt-1.5 flex items-center gap-2">
        <span className="ident rounded bg-accent-bg px-1.5 text-accent uppercase">{method}</span>
        <span className="ident min-w-0 break-all">{path}</span>
        <CopyIcon text={path} what={`path ${path}`} className="-my-1.5" />
      </div>
      {description && <Description text={description} />}
      {parameters.length > 0 && (
        <Part title="Parameters">
          <ul className="divide-y divide-line">
            {parameters.map((parameter) => (
              <li key={`${parameter.in} ${parameter.name}`} className="py-2">
                <span className="flex flex-wrap items-baseline gap-x-3">
                  <span className="ident font-medium">{parameter.name}</span>
                  <span className="ident text-xs text-muted">
                    {parameter.in}, {parameter.schema ? typeName(parameter.schema) : 'string'}
                  </span>
                  {parameter.required && <span className="text-xs text-warn">required</span>}
                </span>
                {parameter.description && (
                  <p className="mt-0.5 max-w-[72ch] text-muted">
                    <InlineText text={parameter.description} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        </Part>
      )}
      {request && (
        <Part title="Request body">
          <Fields document={document} schema={request} />
        </Part>
      )}
      <Part title="Answers">
        <ul className="space-y-1">
          {answers.map(([status, answer]) => (
            <Answer key={status} document={document} status={status} answer={answer} />
          ))}
        </ul>
      </Part>
    </article>
  );
}

function Description({ text }: { text: string }) {
  return text.split(/\n\s*\n/).map((paragraph, index) => (
    <p key={index} className="mt-3 max-w-[72ch] text-muted">
      <InlineText text={paragraph} />
    </p>
  ));
}

type AnswerProps = { document: Document; status: string; answer: NonNullable<Operation['responses']>[string] };

function Answer({ document, status, answer }: AnswerProps) {
  const bodies = Object.entries(answer.content ?? {});
  const head = (
    <>
      <span className={`ident ${status.startsWith('2') ? 'text-ok' : 'text-bad'}`}>{status}</span>{' '}
      <span className="text-muted">
        <InlineText text={answer.description ?? ''} />
      </span>
    </>
  );
  if (bodies.length === 0) return <li>{head}</li>;
  return (
    <li>
      <details>
        <summary className="min-h-6 cursor-pointer">{head}</summary>
        {bodies.map(([type, { schema }]) => (
          <div key={type} className="mt-1 mb-3 border-l-2 border-line pl-4">
            <div className="ident text-xs text-muted">{type}</div>
            {schema && <Fields document={document} schema={schema} />}
          </div>
        ))}
      </details>
    </li>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className="mt-4">
      <h4 className="mb-1 font-medium">{title}</h4>
      {children}
    </section>
  );
}
