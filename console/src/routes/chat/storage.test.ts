import { describe, expect, it } from 'vitest';
import { ask, emptyAnswer, emptyConversation, messagesOf, takeBack, update } from './conversation';
import { deleteConversation, KEPT_MAX, loadConversations, memoryShelf, saveConversation, type Shelf } from './storage';

const talk = (id: string, now: number) => ask(emptyConversation(id), 't1', `question ${id}`, 'acme/large', now);

describe('keeping conversations', () => {
  it('gives_them_back_latest_first', () => {
    const shelf = memoryShelf();
    for (const [id, now] of [['a', 1], ['b', 3], ['c', 2]] as const) expect(saveConversation(shelf, talk(id, now))).toBe(true);
    expect(loadConversations(shelf).map(({ id }) => id)).toEqual(['b', 'c', 'a']);
    deleteConversation(shelf, 'b');
    expect(loadConversations(shelf).map(({ id }) => id)).toEqual(['c', 'a']);
  });

  it('drops_the_oldest_beyond_the_limit', () => {
    const shelf = memoryShelf();
    for (let now = 0; now <= KEPT_MAX; now += 1) saveConversation(shelf, talk(`c${now}`, now));
    const kept = loadConversations(shelf);
    expect([kept.length, kept.at(-1)?.id]).toEqual([KEPT_MAX, 'c1']);
  });

  it('makes_room_when_the_browser_says_it_is_full', () => {
    const roomy = memoryShelf();
    const full: Shelf = {
      ...roomy,
      get length() {
        return roomy.length;
      },
      setItem(key, value) {
        if (roomy.length >= 2 && roomy.getItem(key) === null) throw new DOMException('full', 'QuotaExceededError');
        roomy.setItem(key, value);
      },
    };
    for (const [id, now] of [['a', 1], ['b', 2], ['c', 3]] as const) expect(saveConversation(full, talk(id, now))).toBe(true);
    expect(loadConversations(full).map(({ id }) => id)).toEqual(['c', 'b']);
  });

  it('says_when_a_conversation_fits_nowhere', () => {
    const none = { ...memoryShelf(), setItem: () => { throw new DOMException('full', 'QuotaExceededError'); } };
    expect(saveConversation(none, talk('a', 1))).toBe(false);
  });

  it('passes_over_what_it_cannot_read_and_stops_what_was_running', () => {
    const shelf = memoryShelf();
    shelf.setItem('portolan.chat.x', '{"id":3}');
    shelf.setItem('portolan.chat.y', 'not json');
    saveConversation(shelf, talk('a', 1));
    expect(loadConversations(shelf).map(({ id, turns }) => [id, turns[0]?.answer.state])).toEqual([['a', 'stopped']]);
  });
});

describe('a conversation', () => {
  const answered = (text: string) => ({ ...emptyAnswer('m'), text, state: 'done' as const });

  it('sends_earlier_turns_that_have_an_answer', () => {
    let talked = ask(emptyConversation('a'), 't1', 'one', 'm', 1);
    talked = update(talked, 't1', answered('1'), 2);
    talked = ask(talked, 't2', 'two', 'm', 3);
    talked = update(talked, 't2', { ...emptyAnswer('m'), state: 'failed' }, 4);
    talked = ask(talked, 't3', 'three', 'm', 5);
    expect(messagesOf(talked).map(({ role, content }) => `${role}: ${content}`)).toEqual(['user: one', 'assistant: 1', 'user: three']);
  });

  it('takes_its_title_from_the_first_question', () => {
    const long = ask(emptyConversation('a'), 't1', `  many\nwords ${'x'.repeat(80)}`, 'm', 1);
    expect(long.title).toMatch(/^many words x+…$/);
    expect(ask(long, 't2', 'other', 'm', 2).title).toBe(long.title);
  });

  it('does_not_bring_back_a_turn_that_was_taken_back', () => {
    const talked = takeBack(ask(emptyConversation('a'), 't1', 'one', 'm', 1));
    expect(update(talked, 't1', answered('late'), 2).turns).toEqual([]);
  });
});
