import type { IconName } from '../ui/icons';

/** A place in the console. */
export type Place = {
  to: '/' | '/models' | '/chat' | '/generations' | '/keys' | '/presets' | '/routing';
  label: string;
  icon: IconName;
  /** The second key of its shortcut, after `g`. */
  key: string;
  /** Whether visitors without an account see it. */
  open: boolean;
};

/** The map of the console, in groups as the sidebar shows them; the first has no name. */
export const PLACES: { group: string; places: Place[] }[] = [
  { group: '', places: [{ to: '/', label: 'Start', icon: 'home', key: 'o', open: true }] },
  {
    group: 'Explore',
    places: [
      { to: '/models', label: 'Models', icon: 'models', key: 'm', open: true },
      { to: '/chat', label: 'Chat', icon: 'chat', key: 'c', open: false },
    ],
  },
  {
    group: 'Observe',
    places: [{ to: '/generations', label: 'Generations', icon: 'list', key: 'l', open: false }],
  },
  { group: 'Use', places: [{ to: '/keys', label: 'Keys', icon: 'key', key: 'k', open: false }] },
  {
    group: 'Control',
    places: [
      { to: '/presets', label: 'Presets', icon: 'preset', key: 'p', open: false },
      { to: '/routing', label: 'Routing & privacy', icon: 'route', key: 'r', open: false },
    ],
  },
];
