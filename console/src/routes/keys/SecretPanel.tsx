import { useId } from 'react';
import { useQuery } from '@tanstack/react-query';
import { modelsQuery } from '../../api/queries';
import { curlSnippet, exampleModel, nodeSnippet, pythonSnippet } from '../../app/snippets';
import { CodeTabs } from '../../ui/CodeTabs';
import { CopyButton } from '../../ui/copy';

/** A new key's secret, shown this once, with code that has it filled in. */
export function SecretPanel({ secret }: { secret: string }) {
  const field = useId();
  const models = useQuery(modelsQuery);
  const model = exampleModel(models.data ?? []);
  return (
    <div className="space-y-4">
      <div>
        <label htmlFor={field} className="mb-1.5 block font-medium">
          Your new key
        </label>
        <div className="flex gap-2">
          <input
            id={field}
            className="field ident"
            value={secret}
            readOnly
            spellCheck={false}
            onFocus={(event) => event.target.select()}
            aria-describedby={`${field}-note`}
          />
          <CopyButton kind="primary" text={secret} what="key" />
        </div>
        <p id={`${field}-note`} className="mt-1.5 text-warn">
          Store it now. It is not kept here and cannot be shown again.
        </p>
      </div>
      <CodeTabs
        examples={[
          { label: 'curl', code: curlSnippet(model, secret) },
          { label: 'Python', code: pythonSnippet(model, secret) },
          { label: 'Node', code: nodeSnippet(model, secret) },
        ]}
      />
    </div>
  );
}
