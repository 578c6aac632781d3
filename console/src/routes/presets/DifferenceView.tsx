import { plural } from '../../format/figures';
import { difference } from './difference';

const LOOKS = {
  same: ['  ', ''],
  removed: ['− ', 'bg-bad-bg text-bad'],
  added: ['+ ', 'bg-accent-bg text-accent'],
} as const;

/** Two texts line by line: what went is marked with a minus, what came with a plus. */
export function Difference({ before, after, names }: { before: string[]; after: string[]; names: [string, string] }) {
  const lines = difference(before, after);
  const count = (kind: 'removed' | 'added') => lines.filter((line) => line.kind === kind).length;
  const isSame = count('removed') + count('added') === 0;
  return (
    <figure>
      <figcaption className="mb-2 text-muted">
        {isSame ? `${names[0]} and ${names[1]} say the same.` : `From ${names[0]} to ${names[1]}: ${plural(count('removed'), 'line')} gone, ${plural(count('added'), 'line')} new.`}
      </figcaption>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a region that scrolls must take the focus */}
      <pre tabIndex={0} role="region" aria-label={`Difference between ${names[0]} and ${names[1]}`} className="card max-h-[32rem] overflow-auto bg-sunken py-3 text-mono">
        <code className="block w-max min-w-full">
          {lines.map(({ kind, text }, index) => (
            <span key={index} className={`block px-4 ${LOOKS[kind][1]}`}>
              {LOOKS[kind][0]}
              {text}
              {'\n'}
            </span>
          ))}
        </code>
      </pre>
    </figure>
  );
}
