import { setTimeout as wait } from 'node:timers/promises';

const ANSWER = `A **portolan** is a sea chart made for pilots: coasts, harbours and *compass lines*, no theory.

Three things it got right:

1. Distances you could sail by
2. Names written at right angles to the coast
3. A network of ${'`rhumb`'} lines

| Chart | Year | Kept in |
|---|---|---|
| Carta Pisana | about 1275 | Paris |
| Catalan Atlas | 1375 | Paris |

${'```'}python
def heading(from_, to):
    """Degrees clockwise from north."""
    return math.degrees(math.atan2(to.x - from_.x, to.y - from_.y)) % 360
${'```'}

> Sailing is necessary; living is not necessary.

See https://example.org/portolan for pictures.`;

/** Streams one answer as the public chat endpoint would. Model names ending in `broken` or `cut` fail. */
export async function chat(request, response, body, record) {
  const id = `gen-${Math.floor(Date.now() / 1000)}-${Math.floor(performance.now() * 1000).toString(16).padStart(8, '0')}`;
  const question = String(body.messages?.at(-1)?.content ?? '');
  if (question.startsWith('fail')) {
    response.writeHead(502, { 'content-type': 'application/json', 'x-request-id': 'req_77ab01' });
    response.end(JSON.stringify({ error: { code: 502, message: 'Northwind: upstream answered 500 Internal Server Error', metadata: { provider_name: 'Northwind' } } }));
    return;
  }
  const text = body.model?.endsWith('demo-echo') ? question : ANSWER;
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-generation-id': id, 'x-request-id': 'req_77ab02' });
  let open = true;
  request.on('close', () => (open = open && !request.aborted));
  response.on('close', () => (open = false));
  const send = (chunk) => open && response.write(`data: ${JSON.stringify({ id, object: 'chat.completion.chunk', model: body.model, provider: 'Northwind', ...chunk })}\n\n`);
  response.write(': OPENROUTER PROCESSING\n\n');
  await wait(240);
  if (body.model?.includes('demo-lorem')) {
    send({ choices: [{ index: 0, delta: { role: 'assistant', reasoning: 'The person asks about charts. A short history with a table will do.' }, finish_reason: null }] });
    await wait(200);
  }
  const pieces = text.match(/\s*\S{1,6}/g) ?? [];
  const last = question.startsWith('cut') ? Math.floor(pieces.length / 3) : pieces.length;
  for (const piece of pieces.slice(0, last)) {
    if (!open) return;
    send({ choices: [{ index: 0, delta: { content: piece }, finish_reason: null }] });
    await wait(12);
  }
  if (last < pieces.length) {
    send({ error: { code: 502, message: 'Northwind closed the connection' }, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] });
    response.end();
    return;
  }
  const prompt = 12 + Math.ceil(question.length / 4);
  const entry = record(id, { model: body.model, prompt, completion: pieces.length });
  send({ choices: [{ index: 0, delta: { content: '' }, finish_reason: 'stop' }] });
  send({ choices: [], usage: { prompt_tokens: prompt, completion_tokens: pieces.length, total_tokens: prompt + pieces.length, cost: entry.total_cost } });
  response.end('data: [DONE]\n\n');
}
