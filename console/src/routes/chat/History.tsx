import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { buttonClass, IconButton } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import type { Conversation } from './conversation';

type Props = { conversations: Conversation[]; openId: string; model: string | undefined; onRemove: (id: string) => void; isKept: boolean };

/** The conversations kept in this browser, beside the chat on wide screens. */
export function HistoryAside(props: Props) {
  return (
    <aside aria-label="Conversations" className="hidden w-60 shrink-0 border-r border-line lg:block">
      <div className="sticky top-13 flex h-full max-h-[calc(100dvh-3.25rem)] flex-col p-3">
        <List {...props} />
      </div>
    </aside>
  );
}

/** The same list in a sheet, for screens without room beside the chat. */
export function HistorySheet(props: Props) {
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="lg:hidden">
      <IconButton label="Conversations" onClick={() => setOpen(true)}>
        <Icon name="history" size={18} />
      </IconButton>
      <Dialog open={isOpen} onClose={() => setOpen(false)} title="Conversations">
        <List {...props} onChosen={() => setOpen(false)} />
      </Dialog>
    </div>
  );
}

function List({ conversations, openId, model, onRemove, onChosen, isKept }: Props & { onChosen?: () => void }) {
  return (
    <>
      <Link to="/chat" search={{ model }} onClick={onChosen} className={buttonClass('secondary', 'w-full')}>
        <Icon name="plus" />
        New chat
      </Link>
      <ul className="mt-3 min-h-0 flex-1 space-y-0.5 overflow-y-auto">
        {conversations.map(({ id, title }) => (
          <li key={id} className="group flex items-center">
            <Link
              to="/chat"
              search={{ c: id, model }}
              onClick={onChosen}
              aria-current={id === openId ? 'page' : undefined}
              title={title}
              className={`min-h-8 min-w-0 flex-1 truncate rounded-ctl px-2.5 py-1.5 pointer-coarse:min-h-11 pointer-coarse:py-3 ${
                id === openId ? 'bg-accent-bg text-accent' : 'hover:bg-sunken'
              }`}
            >
              {title}
            </Link>
            <IconButton
              label={`Delete conversation ${title}`}
              onClick={() => onRemove(id)}
              className="lg:opacity-0 lg:group-focus-within:opacity-100 lg:group-hover:opacity-100"
            >
              <Icon name="trash" />
            </IconButton>
          </li>
        ))}
      </ul>
      <p className={`border-t border-line pt-3 text-xs ${isKept ? 'text-muted' : 'text-bad'}`}>
        {isKept
          ? 'Conversations are kept in this browser only, the latest 50.'
          : 'This browser has no room for the open conversation; it is lost when the page closes.'}
      </p>
    </>
  );
}
