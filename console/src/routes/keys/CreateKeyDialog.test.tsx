import { QueryClientProvider } from '@tanstack/react-query';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, it, vi } from 'vitest';
import { createQueryClient } from '../../api/queries';
import { CreateKeyDialog } from './CreateKeyDialog';

const SECRET = `sk-or-v1-${'ab'.repeat(32)}`;

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

/** A server that answers key creations with `create` and everything else with nothing. */
function serve(create: () => Response) {
  const bodies: unknown[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    if (request.method !== 'POST') return Response.json({ data: [], total_count: 0 });
    bodies.push(await request.json());
    return create();
  });
  return bodies;
}

function open(onClose = vi.fn()) {
  render(
    <QueryClientProvider client={createQueryClient()}>
      <CreateKeyDialog open onClose={onClose} />
    </QueryClientProvider>,
  );
  return onClose;
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));

it('asks_for_the_reset_choice_before_it_sends_a_limit', async () => {
  const bodies = serve(() => Response.json({ data: {}, key: SECRET }, { status: 201 }));
  open();
  type('Name', 'Bot');
  fireEvent.click(screen.getByLabelText('Amount'));
  type('Limit in US dollars', '2.50');
  press('Create key');
  expect(screen.getByText('Choose when the limit starts again')).toBeTruthy();
  expect(bodies).toEqual([]);
  fireEvent.click(screen.getByLabelText('Daily'));
  press('Create key');
  await waitFor(() => expect(bodies).toEqual([{ name: 'Bot', limit: 2.5, limit_reset: 'daily' }]));
});

it('shows_the_secret_once_and_forgets_it_when_it_is_stored', async () => {
  serve(() => Response.json({ data: {}, key: SECRET }, { status: 201 }));
  const onClose = open();
  type('Name', 'Bot');
  press('Create key');
  const field = await screen.findByLabelText<HTMLInputElement>('Your new key');
  expect(field.value).toBe(SECRET);
  fireEvent.keyDown(field, { key: 'Escape' });
  expect(onClose).not.toHaveBeenCalled();
  press('I have stored it');
  expect(onClose).toHaveBeenCalledOnce();
  await waitFor(() => expect(document.documentElement.outerHTML).not.toContain(SECRET));
});

it('keeps_the_form_and_shows_the_servers_words_when_it_refuses', async () => {
  serve(() => Response.json({ error: { code: 409, message: 'A key of this name exists' } }, { status: 409, headers: { 'x-request-id': 'req-7' } }));
  open();
  type('Name', 'Bot');
  press('Create key');
  const alert = await screen.findByRole('alert');
  expect(alert.textContent).toContain('A key of this name exists');
  expect(alert.textContent).toContain('Code 409');
  expect(alert.textContent).toContain('req-7');
  expect(screen.getByLabelText<HTMLInputElement>('Name').value).toBe('Bot');
});
