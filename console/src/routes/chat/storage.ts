import { afterReload, type Conversation } from './conversation';

/** At most this many conversations are kept; the oldest make room. */
export const KEPT_MAX = 50;

const PREFIX = 'portolan.chat.';
const MODEL_KEY = 'portolan.chat-model';

/** The part of `localStorage` that is used here. */
export type Shelf = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

/** Every conversation kept on a shelf, latest first; entries that cannot be read are passed over. */
export function loadConversations(shelf: Shelf): Conversation[] {
  const keys = Array.from({ length: shelf.length }, (_, index) => shelf.key(index));
  return keys
    .filter((key): key is string => key?.startsWith(PREFIX) ?? false)
    .map((key) => parse(shelf.getItem(key)))
    .filter((conversation) => conversation !== null)
    .map(afterReload)
    .toSorted((a, b) => b.updatedAt - a.updatedAt);
}

/**
 * Keeps a conversation. When the shelf is full the oldest others are dropped until it fits; returns false if it
 * does not fit even alone.
 */
export function saveConversation(shelf: Shelf, conversation: Conversation): boolean {
  const others = loadConversations(shelf).filter(({ id }) => id !== conversation.id);
  for (const { id } of others.splice(KEPT_MAX - 1)) deleteConversation(shelf, id);
  for (;;) {
    try {
      shelf.setItem(PREFIX + conversation.id, JSON.stringify(conversation));
      return true;
    } catch {
      const oldest = others.pop();
      if (!oldest) return false;
      deleteConversation(shelf, oldest.id);
    }
  }
}

/** Forgets a conversation. */
export function deleteConversation(shelf: Shelf, id: string): void {
  shelf.removeItem(PREFIX + id);
}

/** The model the last question went to, if any. */
export function loadModel(shelf: Shelf): string | null {
  return shelf.getItem(MODEL_KEY);
}

/** Remembers the model for the next visit; a full shelf merely forgets it. */
export function saveModel(shelf: Shelf, model: string): void {
  try {
    shelf.setItem(MODEL_KEY, model);
  } catch {
    // The picker starts with an example model then.
  }
}

/** The browser's shelf, or one that lasts as long as the page where storage is blocked. */
export function browserShelf(): Shelf {
  try {
    return globalThis.localStorage;
  } catch {
    return memoryShelf();
  }
}

/** A shelf in memory. */
export function memoryShelf(): Shelf {
  const items = new Map<string, string>();
  return {
    get length() {
      return items.size;
    },
    key: (index) => [...items.keys()][index] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

function parse(text: string | null): Conversation | null {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isConversation(value) ? value : null;
  } catch {
    return null;
  }
}

function isConversation(value: unknown): value is Conversation {
  if (typeof value !== 'object' || value === null) return false;
  const { id, title, updatedAt, turns } = value as Partial<Record<keyof Conversation, unknown>>;
  const isTurn = (turn: unknown) =>
    typeof turn === 'object' && turn !== null && 'question' in turn && 'answer' in turn && typeof turn.answer === 'object' && turn.answer !== null;
  return typeof id === 'string' && typeof title === 'string' && typeof updatedAt === 'number' && Array.isArray(turns) && turns.every(isTurn);
}
