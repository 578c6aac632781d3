import { describe, expect, it } from 'vitest';
import { readEvents } from './sse';

function bodyOf(pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}

async function eventsOf(pieces: Uint8Array[]): Promise<string[]> {
  const events: string[] = [];
  for await (const event of readEvents(bodyOf(pieces))) events.push(event);
  return events;
}

const encode = (text: string) => new TextEncoder().encode(text);

const STREAM = ': OPENROUTER PROCESSING\n\ndata: {"a":"é€😀"}\n\nid: 7\ndata: one\ndata:two\n\ndata: [DONE]\n\n';
const EVENTS = ['{"a":"é€😀"}', 'one\ntwo', '[DONE]'];

describe('reading events', () => {
  it('gives_the_same_events_wherever_the_stream_is_cut', async () => {
    for (const text of [STREAM, STREAM.replaceAll('\n', '\r\n'), STREAM.replaceAll('\n', '\r')]) {
      const bytes = encode(`${text}x`);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        expect(await eventsOf([bytes.slice(0, cut), bytes.slice(cut)]), `cut at ${cut}`).toEqual(EVENTS);
      }
    }
  });

  it('gives_the_same_events_byte_by_byte', async () => {
    const bytes = encode(STREAM);
    expect(await eventsOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(EVENTS);
  });

  it('leaves_out_an_event_that_never_ended', async () => {
    expect(await eventsOf([encode('data: whole\n\ndata: torn\n')])).toEqual(['whole']);
  });

  it('refuses_an_event_without_end', async () => {
    const piece = encode('x'.repeat(1_000_000));
    await expect(eventsOf(Array.from({ length: 9 }, () => piece))).rejects.toThrow(RangeError);
  });
});
