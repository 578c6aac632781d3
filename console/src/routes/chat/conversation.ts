/** How an answer stands. `stopped` was ended by the person, `failed` by the server or a provider. */
export type AnswerState = 'running' | 'done' | 'stopped' | 'failed';

/** What the server said when an answer failed. */
export type Failure = { message: string; code: number; requestId: string | null };

/** One answer of a model, whole or in the making. Times are milliseconds as seen by this browser. */
export type Answer = {
  model: string;
  text: string;
  reasoning: string;
  state: AnswerState;
  provider: string | null;
  generationId: string | null;
  firstTokenMs: number | null;
  durationMs: number | null;
  promptTokens: number | null;
  completionTokens: number | null;
  /** US dollars as the stream gave them; `null` until known. */
  cost: number | null;
  finishReason: string | null;
  failure: Failure | null;
};

/** A question and its answer. */
export type Turn = { id: string; question: string; answer: Answer };

/** A conversation as it is kept in the browser. */
export type Conversation = { id: string; title: string; updatedAt: number; turns: Turn[] };

/** A message as the chat endpoint takes it. */
export type Message = { role: 'user' | 'assistant'; content: string };

const TITLE_MAX = 60;

/** An answer of which nothing has arrived. */
export function emptyAnswer(model: string): Answer {
  return {
    model,
    text: '',
    reasoning: '',
    state: 'running',
    provider: null,
    generationId: null,
    firstTokenMs: null,
    durationMs: null,
    promptTokens: null,
    completionTokens: null,
    cost: null,
    finishReason: null,
    failure: null,
  };
}

/** A conversation nobody has written in. */
export function emptyConversation(id: string): Conversation {
  return { id, title: '', updatedAt: 0, turns: [] };
}

/** Adds a question with its answer to come; the first question gives the conversation its title. */
export function ask(conversation: Conversation, id: string, question: string, model: string, now: number): Conversation {
  const title = conversation.title || titleFrom(question);
  return { ...conversation, title, updatedAt: now, turns: [...conversation.turns, { id, question, answer: emptyAnswer(model) }] };
}

/** Takes back the last turn, to ask it again or differently. */
export function takeBack(conversation: Conversation): Conversation {
  return { ...conversation, turns: conversation.turns.slice(0, -1) };
}

/** Replaces the answer of one turn; a turn that is gone is not brought back. */
export function update(conversation: Conversation, turnId: string, answer: Answer, now: number): Conversation {
  const turns = conversation.turns.map((turn) => (turn.id === turnId ? { ...turn, answer } : turn));
  return { ...conversation, updatedAt: now, turns };
}

/**
 * What is sent for the last turn: its question after all earlier turns. Earlier turns without any answer are left
 * out, because several providers refuse two questions in a row.
 */
export function messagesOf(conversation: Conversation): Message[] {
  const last = conversation.turns.at(-1);
  const earlier = conversation.turns.slice(0, -1).filter(({ answer }) => answer.text.trim() !== '');
  return [
    ...earlier.flatMap(({ question, answer }): Message[] => [
      { role: 'user', content: question },
      { role: 'assistant', content: answer.text },
    ]),
    ...(last ? [{ role: 'user' as const, content: last.question }] : []),
  ];
}

/** Answers that were running when the page closed cannot go on: they count as stopped. */
export function afterReload(conversation: Conversation): Conversation {
  const turns = conversation.turns.map((turn): Turn =>
    turn.answer.state === 'running' ? { ...turn, answer: { ...turn.answer, state: 'stopped' } } : turn,
  );
  return { ...conversation, turns };
}

function titleFrom(question: string): string {
  const line = question.trim().replace(/\s+/g, ' ');
  return line.length <= TITLE_MAX ? line : `${line.slice(0, TITLE_MAX - 1)}…`;
}
