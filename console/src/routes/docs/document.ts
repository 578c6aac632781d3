import { queryOptions } from '@tanstack/react-query';
import { ApiError, errorFromAnswer } from '../../api/errors';

/** The parts of a JSON schema that the reference shows. */
export type Schema = {
  $ref?: string;
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  minimum?: number;
  maximum?: number;
};

type Body = { content?: Record<string, { schema?: Schema }> };
type RawParameter = { name: string; in: string; required?: boolean; description?: string; schema?: Schema };
type RawOperation = {
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: RawParameter[];
  requestBody?: Body;
  responses?: Record<string, Body & { description?: string }>;
};

/** An OpenAPI 3.1 document, as far as the reference reads it. */
export type Document = {
  info: { title: string; description?: string; version: string };
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, RawOperation>>;
  components?: { schemas?: Record<string, Schema> };
};

/** One call of the API. `anchor` is its place in the page's address. */
export type Operation = RawOperation & { anchor: string; method: string; path: string };
/** Calls that belong together. */
export type Group = { name: string; description?: string; operations: Operation[] };

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The server's own API document. */
export const documentQuery = queryOptions({
  queryKey: ['openapi'],
  queryFn: async ({ signal }): Promise<Document> => {
    const response = await fetch('/openapi.json', { signal });
    if (!response.ok) throw errorFromAnswer(response, null);
    const document: unknown = await response.json();
    if (!isDocument(document)) throw new ApiError('/openapi.json is not an OpenAPI document', { status: 0 });
    return document;
  },
  staleTime: Number.POSITIVE_INFINITY,
});

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && 'paths' in value && 'info' in value;
}

/** The calls of a document by tag, in the document's order, narrowed to those that hold every word of `query`. */
export function groupsOf(document: Document, query: string): Group[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method): Operation[] => {
      const operation = item[method];
      return operation ? [{ ...operation, method, path, anchor: `${method}${path.replace(/[^\w]+/g, '-')}`.replace(/-$/, '') }] : [];
    }),
  );
  const found = operations.filter((operation) => {
    const text = `${operation.method} ${operation.path} ${operation.summary ?? ''} ${operation.description ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const tagOf = (operation: Operation) => operation.tags?.[0] ?? 'Other';
  const named = document.tags ?? [];
  const names = new Set([...named.map(({ name }) => name), ...found.map(tagOf)]);
  return [...names]
    .map((name) => ({
      name,
      description: named.find((tag) => tag.name === name)?.description,
      operations: found.filter((operation) => tagOf(operation) === name),
    }))
    .filter((group) => group.operations.length > 0);
}

/** Follows references and merges `allOf`, so that a schema's own fields can be read. */
export function resolve(document: Document, schema: Schema): Schema {
  if (schema.$ref) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
    const found = document.components?.schemas?.[name];
    return found ? { ...resolve(document, found), ...(schema.description ? { description: schema.description } : {}) } : {};
  }
  if (!schema.allOf) return schema;
  const parts = schema.allOf.map((part) => resolve(document, part));
  return {
    ...schema,
    type: 'object',
    properties: Object.assign({}, ...parts.map((part) => part.properties ?? {}), schema.properties ?? {}) as Record<string, Schema>,
    required: [...parts.flatMap((part) => part.required ?? []), ...(schema.required ?? [])],
  };
}

/** The type of a schema in a few words: `string or null`, `list of Message`. */
export function typeName(schema: Schema): string {
  if (schema.$ref) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices) return [...new Set(choices.map(typeName))].join(' or ');
  if (schema.items) return `list of ${typeName(schema.items)}${isNullable(schema) ? ' or null' : ''}`;
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ');
  if (Array.isArray(schema.type)) return schema.type.join(' or ');
  return schema.type ?? (schema.allOf ? 'object' : 'anything');
}

/** The schema whose fields a field opens up to: itself, its items, or the one choice that is an object. */
export function inner(document: Document, schema: Schema): Schema | null {
  const own = resolve(document, schema);
  if (own.properties && Object.keys(own.properties).length > 0) return own;
  if (own.items) return inner(document, own.items);
  for (const choice of own.oneOf ?? own.anyOf ?? []) {
    const opened = inner(document, choice);
    if (opened) return opened;
  }
  return null;
}

function isNullable(schema: Schema): boolean {
  return Array.isArray(schema.type) && schema.type.includes('null');
}
