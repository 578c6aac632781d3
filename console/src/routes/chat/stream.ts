import { CSRF_HEADER } from '../../api/client';
import { asApiError, errorFromAnswer, errorObject } from '../../api/errors';
import { type Answer, emptyAnswer, type Message } from './conversation';
import { readEvents } from './sse';

const CHAT_PATH = '/console/api/v1/chat/completions';

/** A request for one streamed answer. */
export type ChatCall = {
  model: string;
  messages: Message[];
  /** Aborting ends the answer as `stopped`, with what had arrived. */
  signal: AbortSignal;
  /** Gets the answer as far as it has come, after every event. */
  onProgress: (answer: Answer) => void;
};

/**
 * Asks for one answer and follows its stream to the end. Never throws: what goes wrong is part of the answer,
 * beside the text that had arrived.
 */
export async function streamAnswer({ model, messages, signal, onProgress }: ChatCall): Promise<Answer> {
  const started = performance.now();
  let answer = emptyAnswer(model);
  try {
    const response = await fetch(CHAT_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CSRF_HEADER]: '1', 'x-openrouter-metadata': 'enabled' },
      body: JSON.stringify({ model, messages, stream: true }),
      signal,
    });
    answer = { ...answer, generationId: response.headers.get('x-generation-id') };
    const requestId = response.headers.get('x-request-id');
    if (!response.ok || !response.body) throw errorFromAnswer(response, await readJson(response));
    for await (const event of readEvents(response.body)) {
      if (event === '[DONE]') break;
      answer = applyChunk(answer, JSON.parse(event), performance.now() - started, requestId);
      onProgress(answer);
    }
  } catch (thrown) {
    answer = signal.aborted ? { ...answer, state: 'stopped' } : failed(answer, thrown);
  }
  const end = answer.state === 'running' ? endState(answer) : {};
  return { ...answer, ...end, durationMs: performance.now() - started };
}

/** What one chunk of the stream adds to an answer. `elapsed` is the time since the request, in milliseconds. */
export function applyChunk(answer: Answer, chunk: unknown, elapsed: number, requestId: string | null = null): Answer {
  if (!isRecord(chunk)) return answer;
  const next = { ...answer };
  if (typeof chunk.model === 'string' && chunk.model !== '') next.model = chunk.model;
  if (typeof chunk.provider === 'string') next.provider = chunk.provider;
  if (typeof chunk.id === 'string') next.generationId ??= chunk.id;
  const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : null;
  if (isRecord(choice)) applyChoice(next, choice, elapsed);
  if (isRecord(chunk.usage)) applyUsage(next, chunk.usage);
  if (chunk.error !== undefined && chunk.error !== null) {
    const { message = 'The stream broke off', code = 0 } = errorObject(chunk);
    next.state = 'failed';
    next.failure = { message, code, requestId };
  }
  return next;
}

function applyChoice(answer: Answer, choice: Record<string, unknown>, elapsed: number): void {
  const delta = isRecord(choice.delta) ? choice.delta : {};
  const text = typeof delta.content === 'string' ? delta.content : '';
  const reasoning = typeof delta.reasoning === 'string' ? delta.reasoning : '';
  if (text !== '' || reasoning !== '') answer.firstTokenMs ??= elapsed;
  answer.text += text;
  answer.reasoning += reasoning;
  if (typeof choice.finish_reason === 'string') answer.finishReason = choice.finish_reason;
}

function applyUsage(answer: Answer, usage: Record<string, unknown>): void {
  if (typeof usage.prompt_tokens === 'number') answer.promptTokens = usage.prompt_tokens;
  if (typeof usage.completion_tokens === 'number') answer.completionTokens = usage.completion_tokens;
  if (typeof usage.cost === 'number') answer.cost = usage.cost;
}

function endState(answer: Answer): Pick<Answer, 'state' | 'failure'> {
  if (answer.finishReason !== null) return { state: 'done', failure: null };
  return { state: 'failed', failure: { message: 'The stream ended before the answer did', code: 0, requestId: null } };
}

function failed(answer: Answer, thrown: unknown): Answer {
  const { message, code, requestId } = asApiError(thrown);
  return { ...answer, state: 'failed', failure: { message, code, requestId } };
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
