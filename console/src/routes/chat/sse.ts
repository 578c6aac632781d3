/** The most text of one event that is held before its end arrives, in characters. */
const EVENT_MAX = 8_000_000;

/**
 * Reads server-sent events from a body as it arrives and gives the data of each. Comments (keep-alives) and other
 * fields are passed over. Chunks may end anywhere, inside a character too. Throws a `RangeError` when one event
 * is larger than 8 million characters.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const lines = new LineSplitter();
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      for (const line of lines.push(decoder.decode(value, { stream: !done }), done)) {
        if (line === '' && data.length > 0) {
          yield data.join('\n');
          data = [];
        } else if (line.startsWith('data:')) {
          data.push(line.slice(line[5] === ' ' ? 6 : 5));
        }
      }
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

class LineSplitter {
  #rest = '';

  /** The lines that are complete now. */
  push(text: string, isLast: boolean): string[] {
    this.#rest += text;
    if (this.#rest.length > EVENT_MAX) throw new RangeError('The stream holds an event that is too large');
    // A `\r` at the very end waits for the next piece, which may begin with the `\n` that belongs to it.
    if (isLast && this.#rest.endsWith('\r')) this.#rest += '\n';
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}
