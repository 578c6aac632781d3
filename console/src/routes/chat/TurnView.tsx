import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { formatDuration, formatThroughput, plural, shortId } from '../../format/figures';
import { formatCost, formatExact, usd } from '../../format/money';
import { Button } from '../../ui/Button';
import { CopyIcon } from '../../ui/copy';
import { Icon } from '../../ui/icons';
import { Markdown } from '../../ui/Markdown';
import { splitBlocks } from './blocks';
import type { Answer, Turn } from './conversation';

type Props = { turn: Turn; onRetry?: () => void };

/** A question and its answer, with what the answer took and cost under it. */
export const TurnView = memo(function TurnView({ turn, onRetry }: Props) {
  const { question, answer } = turn;
  return (
    <article aria-label={question.slice(0, 80)}>
      <h2 className="sr-only">Your question</h2>
      <div className="ml-auto w-fit max-w-[85%] rounded-card bg-accent-bg px-4 py-2.5 text-chat break-words whitespace-pre-wrap">
        {question}
      </div>
      <h2 className="sr-only">Answer of {answer.model}</h2>
      <div className="mt-5 text-chat" aria-busy={answer.state === 'running'}>
        {answer.reasoning !== '' && <Reasoning answer={answer} />}
        <div className="prose max-w-[72ch] break-words">
          {splitBlocks(answer.text).map((block, index) => (
            <Markdown key={index} text={block} />
          ))}
        </div>
        {answer.state === 'running' && <Caret />}
      </div>
      {answer.state !== 'running' && <Foot answer={answer} onRetry={onRetry} />}
    </article>
  );
});

function Caret() {
  return <span aria-hidden="true" className="mt-1 inline-block h-4 w-2 animate-[caret_1s_steps(1)_infinite] bg-accent align-middle" />;
}

function Reasoning({ answer }: { answer: Answer }) {
  const isThinking = answer.state === 'running' && answer.text === '';
  return (
    <details className="mb-3 text-sm text-muted">
      <summary className="cursor-pointer">{isThinking ? 'Reasoning…' : 'Reasoning'}</summary>
      <p className="mt-2 border-l-2 border-line pl-3 break-words whitespace-pre-wrap">{answer.reasoning}</p>
    </details>
  );
}

function Foot({ answer, onRetry }: { answer: Answer; onRetry?: () => void }) {
  return (
    <div className="mt-3 space-y-2">
      {answer.state === 'failed' && <FailureNote answer={answer} onRetry={onRetry} />}
      {answer.state === 'stopped' && <p className="text-warn">Stopped after {plural(answer.text.length, 'character')}.</p>}
      {answer.finishReason === 'length' && <p className="text-warn">Ended at the model’s length limit.</p>}
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-muted">
        <FootLine answer={answer} />
        <span className="ml-auto flex">
          {answer.text !== '' && <CopyIcon text={answer.text} what={`answer of ${answer.model}`} />}
          {onRetry && answer.state !== 'failed' && (
            <Button kind="quiet" onClick={onRetry} className="!text-xs">
              <Icon name="retry" />
              Again
            </Button>
          )}
        </span>
      </div>
    </div>
  );
}

function FootLine({ answer }: { answer: Answer }) {
  const cost = usd(answer.cost);
  const span = answer.durationMs !== null && answer.firstTokenMs !== null ? answer.durationMs - answer.firstTokenMs : null;
  const speed = formatThroughput(answer.completionTokens, span);
  const parts = [
    <span key="model">
      <span className="ident text-xs">{answer.model}</span>
      {answer.provider && ` via ${answer.provider}`}
    </span>,
    answer.firstTokenMs !== null && (
      <span key="first" title="As seen by this browser">
        {formatDuration(answer.firstTokenMs)} to first token
      </span>
    ),
    speed !== '—' && <span key="speed">{speed}</span>,
    cost !== null && (
      <span key="cost" title={`${formatExact(cost)} for ${answer.promptTokens ?? '?'} tokens in, ${answer.completionTokens ?? '?'} out`}>
        {formatCost(cost)}
      </span>
    ),
    answer.generationId && (
      <Link key="id" to="/generations/$id" params={{ id: answer.generationId }} className="link ident text-xs" title={answer.generationId}>
        {shortId(answer.generationId)}
      </Link>
    ),
  ].filter(Boolean);
  return parts.map((part, index) => (
    <span key={index} className="inline-flex items-center gap-2">
      {index > 0 && <span aria-hidden="true">·</span>}
      {part}
    </span>
  ));
}

function FailureNote({ answer, onRetry }: { answer: Answer; onRetry?: () => void }) {
  const { message, code, requestId } = answer.failure ?? { message: 'The answer failed', code: 0, requestId: null };
  return (
    <div role="alert" className="rounded-card border border-bad bg-bad-bg p-3">
      <p className="flex items-start gap-2 font-medium">
        <Icon name="warn" size={20} className="text-bad" />
        <span className="min-w-0 break-words">{message}</span>
      </p>
      <div className="mt-2 flex flex-wrap items-center gap-x-4 gap-y-2 text-muted">
        {code > 0 && <span>Code {code}</span>}
        {answer.text !== '' && <span>Cut off after {plural(answer.text.length, 'character')}, kept above</span>}
        {requestId && (
          <span className="inline-flex items-center gap-1">
            Request <span className="ident break-all">{requestId}</span>
            <CopyIcon text={requestId} what="request id" />
          </span>
        )}
        {onRetry && (
          <Button onClick={onRetry}>
            <Icon name="retry" />
            Retry
          </Button>
        )}
      </div>
    </div>
  );
}
