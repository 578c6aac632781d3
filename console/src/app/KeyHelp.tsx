import { Dialog } from '../ui/Dialog';
import { PLACES } from './navigation';
import { letterKeys, usePreference } from './preferences';

const GENERAL: [string[], string][] = [
  [['?'], 'This list'],
  [['/'], 'Search on this page'],
  [['Esc'], 'Close the top layer; stop a running answer'],
];

const PAGES: [string[], string][] = [
  [['n'], 'New key (Keys), new preset (Presets), new chat (Chat)'],
  [['Ctrl', 'S'], 'Save (Presets, Routing & privacy)'],
  [['m'], 'Choose a model (Chat)'],
  [['j'], 'Next row'],
  [['k'], 'Previous row'],
  [['y'], 'Copy the id of the focused row'],
];

/** The keys of the console, and the switch that turns them off. */
export function KeyHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  const on = usePreference(letterKeys) === 'on';
  const places = PLACES.flatMap((group) => group.places).map((place): [string[], string] => [['g', place.key], place.label]);
  return (
    <Dialog open={open} onClose={onClose} title="Keys">
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-2">
        {[...GENERAL, ...places, ...PAGES].map(([keys, meaning]) => (
          <div key={meaning} className="contents">
            <dt className="flex gap-1">
              {keys.map((key) => (
                <kbd key={key} className="ident min-w-6 rounded border border-ctl bg-sunken px-1.5 text-center">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label className="mt-5 flex min-h-9 items-center gap-2.5 border-t border-line pt-4">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={on}
          onChange={(event) => letterKeys.set(event.target.checked ? 'on' : 'off')}
        />
        Keys without Ctrl or ⌘ are on
      </label>
    </Dialog>
  );
}
