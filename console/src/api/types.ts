import type { paths } from './schema';

/** The JSON body of a successful GET. */
type Answer<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { 'application/json': infer Body } } } };
}
  ? Body
  : never;

type CreateKeyBody = NonNullable<paths['/console/api/v1/keys']['post']['requestBody']>['content']['application/json'];
type ChangePresetBody = NonNullable<
  paths['/console/api/v1/presets/{slug}']['patch']['requestBody']
>['content']['application/json'];
type Explained = paths['/console/api/v1/route/explain']['post']['responses'][200]['content']['application/json'];
type UpdateKeyBody = NonNullable<
  paths['/console/api/v1/keys/{hash}']['patch']['requestBody']
>['content']['application/json'];

/** Who is signed in, the balance and facts about the server. */
export type Session = Answer<'/console/api/v1/session'>['data'];
/** A model as the public catalogue lists it. */
export type Model = Answer<'/api/v1/models'>['data'][number];
/** Prices in decimal US dollars per unit. */
export type Pricing = Model['pricing'];
/** A model with the provider endpoints that serve it. */
export type ModelEndpoints = Answer<'/api/v1/models/{author}/{slug}/endpoints'>['data'];
/** One provider's offer of one model. */
export type Endpoint = ModelEndpoints['endpoints'][number];
/** An API key without its secret. */
export type Key = Answer<'/console/api/v1/keys'>['data'][number];
/** What creates a key. */
export type NewKey = CreateKeyBody;
/** What changes a key. */
export type KeyChange = UpdateKeyBody;
/** Everything known about one request. */
export type Generation = Answer<'/console/api/v1/generation'>['data'];
/** One try of one endpoint within a request. */
export type Attempt = Generation['portolan']['attempts'][number];
/** One line of a request's bill. */
export type CostLine = Generation['portolan']['cost_lines'][number];
/** A request in a list. */
export type GenerationRow = Answer<'/console/api/v1/generations'>['data'][number];
/** A preset without its content. */
export type Preset = Answer<'/console/api/v1/presets'>['data'][number];
/** A preset with the version that requests get. */
export type FullPreset = Answer<'/console/api/v1/presets/{slug}'>['data'];
/** What a preset holds, or held. */
export type PresetVersion = Answer<'/console/api/v1/presets/{slug}/versions'>['data'][number];
/** What changes about a preset without making a version. */
export type PresetChange = ChangePresetBody;
/** What an account or a workspace allows, prefers and shares. */
export type RoutingSettings = Answer<'/console/api/v1/routing'>['data'];
/** Routing settings with the time of their last change. */
export type Routing = Answer<'/console/api/v1/routing'>;
/** The plan that a request would be given. */
export type Plan = Explained;
/** One attempt of a plan. */
export type PlannedAttempt = Plan['attempts'][number];
/** An endpoint that a plan leaves out. */
export type Exclusion = Plan['excluded'][number];
