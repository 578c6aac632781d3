import { type KeyboardEvent, type RefObject, useEffect } from 'react';
import { IconButton } from '../../ui/Button';
import { Icon } from '../../ui/icons';

type Props = {
  field: RefObject<HTMLTextAreaElement | null>;
  text: string;
  onChange: (text: string) => void;
  onSend: () => void;
  onStop: () => void;
  /** Asked for with ↑ in an empty field: brings the last question back for editing. */
  onEditLast: () => void;
  isRunning: boolean;
  canSend: boolean;
  isEditing: boolean;
};

/** Where questions are written: Enter sends, Shift+Enter starts a line, Esc stops a running answer. */
export function Composer({ field, text, onChange, onSend, onStop, onEditLast, isRunning, canSend, isEditing }: Props) {
  useGrowing(field, text);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      if (canSend) onSend();
    } else if (event.key === 'ArrowUp' && text === '') {
      event.preventDefault();
      onEditLast();
    } else if (event.key === 'Escape' && isRunning) {
      onStop();
    } else if (event.key === 'Escape' && isEditing) {
      onChange('');
    }
  };
  return (
    <form
      className="relative"
      onSubmit={(event) => {
        event.preventDefault();
        if (canSend) onSend();
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label={isEditing ? 'Change your last question' : 'Your question'}
        placeholder={isEditing ? 'Change your last question' : 'Ask something'}
        className="field !min-h-12 max-h-[40dvh] resize-none !rounded-card !py-3 !pr-13 !pl-4 text-chat shadow-float"
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="absolute right-2 bottom-2 flex">
        {isRunning ? (
          <IconButton label="Stop" onClick={onStop} className="!bg-accent !text-on-accent">
            <Icon name="stop" />
          </IconButton>
        ) : (
          <IconButton label="Send" type="submit" disabled={!canSend} className={canSend ? '!bg-accent !text-on-accent' : 'opacity-50'}>
            <Icon name="send" />
          </IconButton>
        )}
      </div>
    </form>
  );
}

/** Makes a text area as high as its text. */
function useGrowing(field: RefObject<HTMLTextAreaElement | null>, text: string): void {
  useEffect(() => {
    const style = field.current?.style;
    style?.setProperty('height', 'auto');
    style?.setProperty('height', `${(field.current?.scrollHeight ?? 0) + 2}px`);
    // The height follows the text, which the effect reads from the document.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [text, field]);
}
