import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useRef, useState } from 'react';
import { generationsQuery, sessionQuery } from '../../api/queries';
import { announce } from '../../ui/announce';
import { type Answer, ask, type Conversation, emptyConversation, messagesOf, takeBack, update } from './conversation';
import { browserShelf, deleteConversation, loadConversations, saveConversation } from './storage';
import { streamAnswer } from './stream';

/** A running answer is drawn at most 30 times a second. */
const FRAME_MS = 33;

/** The conversations of this browser and the one that is open. */
export type Chat = {
  conversations: Conversation[];
  open: Conversation;
  isRunning: boolean;
  /** False when the browser had no room for the open conversation. */
  isKept: boolean;
  send: (question: string, model: string) => void;
  /** Asks the last question again; with `question`, asks that in its place. */
  again: (model: string, question?: string) => void;
  stop: () => void;
  remove: (id: string) => void;
};

/** The state of the chat page. `id` names the open conversation; it exists once something was asked in it. */
export function useChat(id: string): Chat {
  const [shelf] = useState(browserShelf);
  const [conversations, setConversations] = useState(() => loadConversations(shelf));
  const [isKept, setKept] = useState(true);
  const [running, setRunning] = useState<string | null>(null);
  const control = useRef<AbortController | null>(null);
  const removed = useRef(new Set<string>());
  const client = useQueryClient();
  // Leaving a conversation stops its running answer, as leaving the page does.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies
  useEffect(() => () => control.current?.abort(), [id]);
  const open = conversations.find((conversation) => conversation.id === id) ?? emptyConversation(id);

  const show = useCallback((next: Conversation) => {
    if (removed.current.has(next.id)) return;
    setConversations((all) => [next, ...all.filter((other) => other.id !== next.id)]);
  }, []);

  const run = async (asked: Conversation, model: string) => {
    const turn = asked.turns.at(-1);
    if (!turn) return;
    const controller = new AbortController();
    control.current?.abort();
    control.current = controller;
    setRunning(asked.id);
    show(asked);
    setKept(saveConversation(shelf, asked));
    announce('The answer is being written');
    const draw = atMostEvery(FRAME_MS, (answer: Answer) => show(update(asked, turn.id, answer, Date.now())));
    const answer = await streamAnswer({ model, messages: messagesOf(asked), signal: controller.signal, onProgress: draw.call });
    draw.cancel();
    const answered = update(asked, turn.id, answer, Date.now());
    show(answered);
    if (!removed.current.has(answered.id)) setKept(saveConversation(shelf, answered));
    if (control.current === controller) setRunning(null);
    announce(ending(answer));
    void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
    void client.invalidateQueries({ queryKey: generationsQuery.queryKey });
  };

  return {
    conversations,
    open,
    isRunning: running === id,
    isKept,
    send: (question, model) => void run(ask(open, newId(), question, model, Date.now()), model),
    again: (model, question) => {
      const last = open.turns.at(-1);
      if (last) void run(ask(takeBack(open), newId(), question ?? last.question, model, Date.now()), model);
    },
    stop: () => control.current?.abort(),
    remove: (gone) => {
      removed.current.add(gone);
      if (gone === running) control.current?.abort();
      deleteConversation(shelf, gone);
      setConversations((all) => all.filter((conversation) => conversation.id !== gone));
    },
  };
}

/** A random id; unlike `randomUUID` it also works on origins without TLS. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function ending(answer: Answer): string {
  if (answer.state === 'failed') return `The answer failed: ${answer.failure?.message ?? ''}`;
  return `${answer.state === 'stopped' ? 'Stopped' : 'Answer complete'}, ${answer.text.length} characters`;
}

/** Calls `action` with the latest value, not more often than every `interval` milliseconds. */
function atMostEvery<T>(interval: number, action: (value: T) => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let latest: T;
  return {
    call(value: T) {
      latest = value;
      timer ??= setTimeout(() => {
        timer = undefined;
        action(latest);
      }, interval);
    },
    cancel: () => clearTimeout(timer),
  };
}
