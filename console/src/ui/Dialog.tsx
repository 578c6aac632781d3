import { Dialog as Base } from '@base-ui/react/dialog';
import type { ReactNode, RefObject } from 'react';
import { IconButton } from './Button';
import { Icon } from './icons';

type Props = {
  open: boolean;
  onClose: () => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
  /** Takes the focus when the dialog opens; the first control otherwise. */
  focus?: RefObject<HTMLElement | null>;
  /** Without it the dialog closes only by its own buttons: a click beside it or Esc would lose something. */
  dismissible?: boolean;
  wide?: boolean;
};

/** A modal dialog; on phones it fills the screen. The focus returns to what opened it. */
export function Dialog({ open, onClose, title, description, children, focus, dismissible = true, wide }: Props) {
  return (
    <Base.Root
      open={open}
      onOpenChange={(next, details) => {
        const byAccident = details.reason === 'outside-press' || details.reason === 'escape-key';
        if (!next && (dismissible || !byAccident)) onClose();
      }}
    >
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-40 bg-shade" />
        <Base.Popup
          initialFocus={focus}
          className={
            'fixed z-50 flex flex-col overflow-y-auto bg-raised text-text shadow-float outline-none ' +
            'inset-0 sm:inset-auto sm:top-[10vh] sm:left-1/2 sm:max-h-[80vh] sm:w-[calc(100%-3rem)] sm:-translate-x-1/2 ' +
            `sm:rounded-card sm:border sm:border-line ${wide ? 'sm:max-w-2xl' : 'sm:max-w-lg'}`
          }
        >
          <div className="flex items-start justify-between gap-4 px-5 pt-5">
            <Base.Title className="text-lg font-semibold">{title}</Base.Title>
            {dismissible && (
              <Base.Close render={<IconButton label="Close" className="-mt-0.5 -mr-2" />}>
                <Icon name="close" />
              </Base.Close>
            )}
          </div>
          {description && <Base.Description className="px-5 pt-2 text-muted">{description}</Base.Description>}
          <div className="px-5 pt-4 pb-5">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
