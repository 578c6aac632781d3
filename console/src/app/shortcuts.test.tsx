import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { letterKeys } from './preferences';
import { useShortcuts } from './shortcuts';

function Page({ act, go }: { act: () => void; go: () => void }) {
  useShortcuts({ '/': act, 'g m': go });
  return <input aria-label="name" />;
}

afterEach(() => {
  cleanup();
  letterKeys.set('on');
});

it('answers_single_keys_and_pairs', () => {
  const act = vi.fn();
  const go = vi.fn();
  render(<Page act={act} go={go} />);
  fireEvent.keyDown(document.body, { key: '/' });
  fireEvent.keyDown(document.body, { key: 'm' });
  expect([act.mock.calls.length, go.mock.calls.length]).toEqual([1, 0]);
  fireEvent.keyDown(document.body, { key: 'g' });
  fireEvent.keyDown(document.body, { key: 'm' });
  expect(go).toHaveBeenCalledTimes(1);
});

it('leaves_keys_alone_in_fields_with_modifiers_and_when_switched_off', () => {
  const act = vi.fn();
  render(<Page act={act} go={act} />);
  fireEvent.keyDown(screen.getByLabelText('name'), { key: '/' });
  fireEvent.keyDown(document.body, { key: '/', ctrlKey: true });
  letterKeys.set('off');
  fireEvent.keyDown(document.body, { key: '/' });
  expect(act).not.toHaveBeenCalled();
});
