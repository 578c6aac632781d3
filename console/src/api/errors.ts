/** What the server said when it refused or failed, in a form pages can show. */
export class ApiError extends Error {
  /** HTTP status, or 0 when no answer arrived at all. */
  readonly status: number;
  /** The code of the error envelope; equals the status where the envelope had none. */
  readonly code: number;
  /** Value of `x-request-id`, to quote to an operator. */
  readonly requestId: string | null;
  /** Seconds to wait before a retry, from `retry-after`. */
  readonly retryAfter: number | null;
  /** The field of the request that cannot be used, such as `provider.sort`, where the server names one. */
  readonly param: string | null;

  constructor(message: string, facts: { status: number; code?: number; requestId?: string | null; retryAfter?: number | null; param?: string | null }) {
    super(message);
    this.name = 'ApiError';
    this.status = facts.status;
    this.code = facts.code ?? facts.status;
    this.requestId = facts.requestId ?? null;
    this.retryAfter = facts.retryAfter ?? null;
    this.param = facts.param ?? null;
  }
}

/** Builds the error of an answer whose body was already read (as an object, as text, or not at all). */
export function errorFromAnswer(response: Response, body: unknown): ApiError {
  const envelope = errorObject(body);
  const after = Number(response.headers.get('retry-after'));
  return new ApiError(envelope.message ?? `The server answered ${response.status} ${response.statusText}`.trim(), {
    status: response.status,
    code: envelope.code,
    requestId: response.headers.get('x-request-id'),
    retryAfter: after > 0 ? after : null,
    param: envelope.param,
  });
}

/** Message, code and field inside `{error: {code, message, metadata}}`, each absent where it is missing or of another type. */
export function errorObject(body: unknown): { message?: string; code?: number; param?: string } {
  if (typeof body !== 'object' || body === null || !('error' in body)) return {};
  const { error } = body;
  if (typeof error !== 'object' || error === null) return {};
  return {
    message: 'message' in error && typeof error.message === 'string' ? error.message : undefined,
    code: 'code' in error && typeof error.code === 'number' ? error.code : undefined,
    param: 'metadata' in error ? paramOf(error.metadata) : undefined,
  };
}

function paramOf(metadata: unknown): string | undefined {
  if (typeof metadata !== 'object' || metadata === null || !('param' in metadata)) return undefined;
  return typeof metadata.param === 'string' ? metadata.param : undefined;
}

/** Turns anything thrown into an {@link ApiError}; a failed connection becomes status 0. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof TypeError) return new ApiError('No connection to the server', { status: 0 });
  return new ApiError(thrown instanceof Error ? thrown.message : String(thrown), { status: 0 });
}
