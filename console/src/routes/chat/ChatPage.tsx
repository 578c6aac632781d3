import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { modelsQuery } from '../../api/queries';
import type { Model } from '../../api/types';
import { SignedIn } from '../../app/session';
import { useShortcuts } from '../../app/shortcuts';
import { exampleModel } from '../../app/snippets';
import { formatCost, NOTHING, usdOrNothing } from '../../format/money';
import { Button } from '../../ui/Button';
import { Icon } from '../../ui/icons';
import { usePageHeading } from '../../ui/Page';
import { ErrorPanel } from '../../ui/states';
import { Composer } from './Composer';
import type { Conversation } from './conversation';
import { HistoryAside, HistorySheet } from './History';
import { ModelPicker } from './ModelPicker';
import { browserShelf, loadModel, saveModel } from './storage';
import { TurnView } from './TurnView';
import { useChat, newId } from './useChat';
import { useFollow } from './useFollow';

/** `/chat`: questions to one model at a time. */
export function ChatPage() {
  return (
    <SignedIn>
      <ChatRoom />
    </SignedIn>
  );
}

const EXAMPLES = [
  'Explain in three sentences why the sky is blue and the sunset red.',
  'Write a Python function that tells whether a year is a leap year, with tests.',
  'Compare copper, aluminium and silver as conductors in a table.',
  'A bat and a ball cost $1.10 together. The bat costs $1 more. What does the ball cost?',
];

/** The open conversation's id and the chosen model, both in the address once there is something to share. */
function useAddress(models: Model[]) {
  const search = useSearch({ from: '/chat' });
  const navigate = useNavigate({ from: '/chat' });
  const [shelf] = useState(browserShelf);
  const [blank, setBlank] = useState({ id: newId(), used: false });
  // Leaving a conversation for a new one starts a fresh id.
  if (!search.c && blank.used) setBlank({ id: newId(), used: false });
  if (search.c === blank.id && !blank.used) setBlank({ ...blank, used: true });
  const model = search.model ?? loadModel(shelf) ?? exampleModel(models);
  return {
    id: search.c ?? blank.id,
    model,
    choose: (next: string) => {
      saveModel(shelf, next);
      void navigate({ search: { ...search, model: next }, replace: true, resetScroll: false });
    },
    open: (id: string | undefined) => void navigate({ search: { c: id, model: search.model }, replace: search.c === id, resetScroll: false }),
  };
}

function ChatRoom() {
  const heading = usePageHeading('Chat');
  const catalogue = useQuery(modelsQuery);
  const models = (catalogue.data ?? []).filter((model) => model.architecture.output_modalities.includes('text'));
  const { id, model, choose, open } = useAddress(models);
  const chat = useChat(id);
  const [text, setText] = useState('');
  const [isEditing, setEditing] = useState(false);
  const [picking, setPicking] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  const last = chat.open.turns.at(-1);
  const follow = useFollow(last ? `${last.id} ${last.answer.state} ${last.answer.text.length}` : null);
  // Another conversation is another page to its reader: the field is ready again.
  // oxlint-disable-next-line react/exhaustive-effect-dependencies
  useEffect(() => field.current?.focus({ preventScroll: true }), [id]);
  const startNew = () => open(undefined);
  useShortcuts({ '/': () => field.current?.focus(), m: () => setPicking(true), n: startNew, ...(chat.isRunning ? { Escape: chat.stop } : {}) });

  const change = (next: string) => {
    setText(next);
    if (next === '') setEditing(false);
  };
  const send = (question: string) => {
    follow.jump();
    if (isEditing) chat.again(model, question);
    else chat.send(question, model);
    change('');
    if (chat.open.turns.length === 0) open(id);
  };
  const editLast = () => {
    if (!last || chat.isRunning) return;
    setText(last.question);
    setEditing(true);
  };
  const history = historyProps(chat, id, model, open);
  return (
    <div className="flex min-w-0 flex-1">
      <h1 ref={heading} tabIndex={-1} className="sr-only">
        {chat.open.title || 'New chat'}
      </h1>
      <HistoryAside {...history} />
      <div className="flex min-w-0 flex-1 flex-col">
        <div className="sticky top-13 z-10 flex items-center gap-2 border-b border-line bg-bg px-4 py-2 sm:px-6">
          <ModelPicker models={models} value={model} onChange={choose} open={picking} onOpenChange={setPicking} />
          <Total conversation={chat.open} />
          <HistorySheet {...history} />
        </div>
        <div role="log" aria-live="off" aria-label="Conversation" className="mx-auto w-full max-w-[760px] flex-1 space-y-8 px-4 py-6">
          {catalogue.isError && <ErrorPanel error={catalogue.error} onRetry={() => void catalogue.refetch()} what="Models" />}
          {chat.open.turns.length === 0 && <Examples onChoose={send} />}
          {chat.open.turns.map((turn) => (
            <TurnView key={turn.id} turn={turn} onRetry={turn === last && !chat.isRunning ? () => chat.again(model) : undefined} />
          ))}
        </div>
        <div className="sticky bottom-14 z-10 bg-bg sm:bottom-0">
          <div className="relative mx-auto w-full max-w-[760px] px-4 pb-3 sm:pb-5">
            {!follow.isFollowing && (
              <Button onClick={follow.jump} className="absolute -top-11 left-1/2 -translate-x-1/2 shadow-float">
                <Icon name="down" />
                Jump to latest
              </Button>
            )}
            <Composer
              field={field}
              text={text}
              onChange={change}
              onSend={() => send(text.trim())}
              onStop={chat.stop}
              onEditLast={editLast}
              isRunning={chat.isRunning}
              canSend={text.trim() !== '' && model !== '' && !chat.isRunning}
              isEditing={isEditing}
            />
          </div>
        </div>
      </div>
    </div>
  );
}

function historyProps(chat: ReturnType<typeof useChat>, id: string, model: string, open: (id: string | undefined) => void) {
  return {
    conversations: chat.conversations,
    openId: id,
    model,
    isKept: chat.isKept,
    onRemove: (gone: string) => {
      chat.remove(gone);
      if (gone === id) open(undefined);
    },
  };
}

function Total({ conversation }: { conversation: Conversation }) {
  const total = conversation.turns.reduce((sum, { answer }) => sum + usdOrNothing(answer.cost), NOTHING);
  return (
    <span className="ml-auto whitespace-nowrap text-muted tabular-nums" title="Cost of this conversation">
      {total > NOTHING && formatCost(total)}
    </span>
  );
}

function Examples({ onChoose }: { onChoose: (question: string) => void }) {
  return (
    <div className="pt-[8vh]">
      <p className="mb-4 text-center text-lg font-semibold">What do you want to know?</p>
      <ul className="grid gap-3 sm:grid-cols-2">
        {EXAMPLES.map((example) => (
          <li key={example} className="contents">
            <button type="button" className="card p-4 text-left text-muted hover:border-ctl hover:text-text" onClick={() => onChoose(example)}>
              {example}
            </button>
          </li>
        ))}
      </ul>
      <p className="mt-6 text-center text-xs text-muted">Answers are real requests: they are charged and listed under Generations.</p>
    </div>
  );
}
