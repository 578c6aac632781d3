import { Link } from '@tanstack/react-router';
import type { FullPreset } from '../../api/types';
import { curlSnippet, nodeSnippet, pythonSnippet } from '../../app/snippets';
import { CodeTabs } from '../../ui/CodeTabs';
import { CodeBlock } from '../../ui/copy';
import { Section } from '../../ui/Section';

/** How requests name the preset: three forms, each as a call that works. */
export function UsePanel({ preset }: { preset: FullPreset }) {
  const reference = `@preset/${preset.slug}`;
  const config = preset.designated_version?.config as Record<string, unknown> | undefined;
  const own = typeof config?.model === 'string' ? config.model : undefined;
  const beside = own ?? 'openrouter/auto';
  return (
    <div>
      {preset.status !== 'active' && <p className="mb-4 text-warn">The preset is {preset.status}: requests that name it are refused with 404 until it is enabled.</p>}
      <Section wide title="As the model" note="Everything comes from the preset. Works in every client that lets you choose a model.">
        {!own && (
          <p className="text-warn">
            The preset names no model, so this form takes the default model of the{' '}
            <Link to="/routing" className="link">
              settings
            </Link>{' '}
            or fails without one.
          </p>
        )}
        <CodeTabs
          examples={[
            { label: 'curl', code: curlSnippet(reference) },
            { label: 'Python', code: pythonSnippet(reference) },
            { label: 'Node', code: nodeSnippet(reference) },
          ]}
        />
      </Section>
      <Section wide title="Behind a model" note="The request’s model, with everything else from the preset.">
        <CodeBlock code={curlSnippet(`${beside}${reference}`)} what="Call with the preset behind a model" />
      </Section>
      <Section wide title="Beside a model" note="The same as a field of the body, for clients that check model ids.">
        <CodeBlock code={curlSnippet(beside).replace('"messages"', `"preset":"${preset.slug}","messages"`)} what="Call with the preset as a field" />
      </Section>
      <Section wide title="What wins">
        <ul className="list-disc space-y-1.5 pl-5">
          <li>A field that the request sets replaces the preset’s field of that name, whole.</li>
          <li>Tools are joined; where both have one of a name, the request’s counts.</li>
          <li>The system prompt comes first, unless the request has a system prompt of its own.</li>
          <li>Requests get the version in use at the moment they arrive. Records name the preset that they used.</li>
        </ul>
      </Section>
    </div>
  );
}
