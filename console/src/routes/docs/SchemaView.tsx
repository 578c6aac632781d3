import { useState } from 'react';
import { InlineText } from '../../ui/InlineText';
import { type Document, inner, resolve, type Schema, typeName } from './document';

/** The fields of a schema; those with fields of their own open on demand. */
export function Fields({ document, schema }: { document: Document; schema: Schema }) {
  const own = inner(document, schema);
  if (!own?.properties) return <p className="ident text-muted">{typeName(schema)}</p>;
  return (
    <ul className="divide-y divide-line">
      {Object.entries(own.properties).map(([name, field]) => (
        <Field key={name} document={document} name={name} field={field} isRequired={own.required?.includes(name) ?? false} />
      ))}
    </ul>
  );
}

type FieldProps = { document: Document; name: string; field: Schema; isRequired: boolean };

function Field({ document, name, field, isRequired }: FieldProps) {
  const [isOpen, setOpen] = useState(false);
  const deeper = inner(document, field);
  const description = field.description ?? resolve(document, field).description;
  return (
    <li className="py-2">
      <div className="flex flex-wrap items-baseline gap-x-3">
        <span className="ident font-medium break-all">{name}</span>
        <span className="ident text-xs break-words text-muted">{typeName(field)}</span>
        {isRequired && <span className="text-xs text-warn">required</span>}
        {deeper && (
          <button type="button" aria-expanded={isOpen} className="min-h-6 text-xs text-accent hover:underline" onClick={() => setOpen(!isOpen)}>
            {isOpen ? 'Hide fields' : 'Show fields'}
            <span className="sr-only"> of {name}</span>
          </button>
        )}
      </div>
      {description && (
        <p className="mt-0.5 max-w-[72ch] break-words text-muted">
          <InlineText text={description} />
        </p>
      )}
      {isOpen && deeper && (
        <div className="mt-1 border-l-2 border-line pl-4">
          <Fields document={document} schema={deeper} />
        </div>
      )}
    </li>
  );
}
