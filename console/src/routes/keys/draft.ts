import type { NewKey } from '../../api/types';
import { parseLimit } from '../../format/money';
import { daysAfter } from '../../format/time';

/** When a limit starts again, as the form offers it; empty until chosen. */
export type ResetChoice = '' | 'none' | 'daily' | 'weekly' | 'monthly';
/** How long a key lives, as the form offers it. */
export type ExpiryChoice = '7' | '30' | '90' | 'date' | 'never';

/** The create form as the person filled it in. */
export type KeyDraft = {
  name: string;
  limited: boolean;
  limit: string;
  reset: ResetChoice;
  expiry: ExpiryChoice;
  /** `yyyy-mm-dd`, local; read only when `expiry` is `date`. */
  date: string;
};

/** Texts for the fields that need another look. */
export type DraftErrors = Partial<Record<'name' | 'limit' | 'reset' | 'date', string>>;

/** The form before anything was typed. */
export const EMPTY_DRAFT: KeyDraft = { name: '', limited: false, limit: '', reset: '', expiry: 'never', date: '' };

const NAME_MAX = 100;

/** Checks a draft; an empty object means it can be sent. */
export function checkDraft(draft: KeyDraft, now: Date): DraftErrors {
  const errors: DraftErrors = {};
  const name = draft.name.trim();
  if (name === '') errors.name = 'Give the key a name, such as the application that will use it';
  else if (name.length > NAME_MAX) errors.name = `At most ${NAME_MAX} characters`;
  if (draft.limited && parseLimit(draft.limit) === null) errors.limit = 'An amount in US dollars above zero, such as 5 or 0.50';
  if (draft.limited && draft.reset === '') errors.reset = 'Choose when the limit starts again';
  if (draft.expiry === 'date') {
    const end = endOfDay(draft.date);
    if (!end) errors.date = 'Choose a day';
    else if (end <= now) errors.date = 'Choose a day that is not over';
  }
  return errors;
}

/** The request body of a draft that passed {@link checkDraft}. */
export function bodyOf(draft: KeyDraft, now: Date): NewKey {
  const body: NewKey = { name: draft.name.trim() };
  if (draft.limited) {
    body.limit = parseLimit(draft.limit);
    body.limit_reset = draft.reset === 'none' || draft.reset === '' ? null : draft.reset;
  }
  const expires = expiryOf(draft, now);
  if (expires) body.expires_at = expires.toISOString().replace(/\.\d+Z$/, 'Z');
  return body;
}

/** The moment the key of a draft ends; `null` for never. */
export function expiryOf(draft: KeyDraft, now: Date): Date | null {
  if (draft.expiry === 'never') return null;
  return draft.expiry === 'date' ? endOfDay(draft.date) : daysAfter(now, Number(draft.expiry));
}

function endOfDay(date: string): Date | null {
  const time = new Date(`${date}T23:59:59`);
  return Number.isNaN(time.getTime()) ? null : time;
}
