import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { parseSearch, pick, stringifySearch } from './app/search';
import { Shell } from './app/Shell';
import { SignInPanel } from './app/SignInPanel';
import { BrokenPage, MissingPage } from './routes/fallback/FallbackPages';

const root = createRootRoute({ component: Shell, notFoundComponent: MissingPage, errorComponent: BrokenPage });

const start = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./routes/start/StartPage'), 'StartPage'),
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: (search) => pick(search, 'token'),
  component: lazyRouteComponent(() => import('./routes/setup/SetupPage'), 'SetupPage'),
});

const login = createRoute({ getParentRoute: () => root, path: '/login', component: SignInPanel });

const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  component: lazyRouteComponent(() => import('./routes/keys/KeysPage'), 'KeysPage'),
});

const models = createRoute({
  getParentRoute: () => root,
  path: '/models',
  validateSearch: (search) => pick(search, 'q', 'in', 'out', 'context', 'price', 'params', 'authors', 'sort'),
  component: lazyRouteComponent(() => import('./routes/models/ModelsPage'), 'ModelsPage'),
});

const model = createRoute({
  getParentRoute: () => root,
  path: '/models/$author/$slug',
  component: lazyRouteComponent(() => import('./routes/model/ModelPage'), 'ModelPage'),
});

const chat = createRoute({
  getParentRoute: () => root,
  path: '/chat',
  validateSearch: (search) => pick(search, 'model', 'c'),
  component: lazyRouteComponent(() => import('./routes/chat/ChatPage'), 'ChatPage'),
});

const generations = createRoute({
  getParentRoute: () => root,
  path: '/generations',
  component: lazyRouteComponent(() => import('./routes/generations/GenerationsPage'), 'GenerationsPage'),
});

const generation = createRoute({
  getParentRoute: () => root,
  path: '/generations/$id',
  component: lazyRouteComponent(() => import('./routes/generation/GenerationPage'), 'GenerationPage'),
});

const presets = createRoute({
  getParentRoute: () => root,
  path: '/presets',
  component: lazyRouteComponent(() => import('./routes/presets/PresetsPage'), 'PresetsPage'),
});

const newPreset = createRoute({
  getParentRoute: () => root,
  path: '/presets/~new',
  validateSearch: (search) => pick(search, 'starter'),
  component: lazyRouteComponent(() => import('./routes/presets/NewPresetPage'), 'NewPresetPage'),
});

const preset = createRoute({
  getParentRoute: () => root,
  path: '/presets/$slug',
  validateSearch: (search) => pick(search, 'tab', 'version', 'against'),
  component: lazyRouteComponent(() => import('./routes/presets/PresetPage'), 'PresetPage'),
});

const routing = createRoute({
  getParentRoute: () => root,
  path: '/routing',
  validateSearch: (search) => pick(search, 'view', 'model', 'preset', 'question', 'fields'),
  component: lazyRouteComponent(() => import('./routes/routing/RoutingPage'), 'RoutingPage'),
});

const DocsComponent = lazyRouteComponent(() => import('./routes/docs/DocsPage'), 'DocsPage');
const docs = createRoute({ getParentRoute: () => root, path: '/docs', component: DocsComponent });
const reference = createRoute({ getParentRoute: () => root, path: '/docs/api', component: DocsComponent });

const tree = root.addChildren([
  start,
  setup,
  login,
  keys,
  models,
  model,
  chat,
  generations,
  generation,
  presets,
  newPreset,
  preset,
  routing,
  docs,
  reference,
]);

/** The router of the console: client-side addresses below `/`. */
export function createConsoleRouter() {
  return createRouter({
    routeTree: tree,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
