import { Tabs } from '@base-ui/react/tabs';
import { CodeBlock } from './copy';

/** The same call in several languages, one at a time. */
export function CodeTabs({ examples }: { examples: { label: string; code: string }[] }) {
  return (
    <Tabs.Root defaultValue={examples[0]?.label}>
      <Tabs.List aria-label="Language" className="mb-2 flex gap-1 overflow-x-auto">
        {examples.map(({ label }) => (
          <Tabs.Tab
            key={label}
            value={label}
            className="min-h-8 rounded-ctl px-2.5 whitespace-nowrap text-muted hover:bg-sunken data-active:bg-accent-bg data-active:font-medium data-active:text-accent pointer-coarse:min-h-11"
          >
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {examples.map(({ label, code }) => (
        <Tabs.Panel key={label} value={label} tabIndex={-1}>
          <CodeBlock code={code} what={`${label} example`} />
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}
