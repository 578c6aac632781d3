/** Code to paste, with this server's own address filled in. */

/** The base URL that OpenAI-compatible clients take. */
export function baseUrl(): string {
  return `${globalThis.location.origin}/api/v1`;
}

/** A working call; `secret` is a key or the name of a shell variable such as `$PORTOLAN_API_KEY`. */
export function curlSnippet(model: string, secret = '$PORTOLAN_API_KEY'): string {
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] });
  return [
    `curl ${baseUrl()}/chat/completions \\`,
    `  -H "Authorization: Bearer ${secret}" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '${body}'`,
  ].join('\n');
}

/** The OpenAI SDK for Python against this server. */
export function pythonSnippet(model: string, secret?: string): string {
  return [
    'from openai import OpenAI',
    '',
    'client = OpenAI(',
    `    base_url="${baseUrl()}",`,
    secret ? `    api_key="${secret}",` : '    api_key=os.environ["PORTOLAN_API_KEY"],',
    ')',
    'answer = client.chat.completions.create(',
    `    model="${model}",`,
    '    messages=[{"role": "user", "content": "Hello!"}],',
    ')',
    'print(answer.choices[0].message.content)',
  ]
    .join('\n')
    .replace(/^/, secret ? '' : 'import os\n');
}

/** The OpenAI SDK for JavaScript against this server. */
export function nodeSnippet(model: string, secret?: string): string {
  return [
    "import OpenAI from 'openai';",
    '',
    'const client = new OpenAI({',
    `  baseURL: '${baseUrl()}',`,
    secret ? `  apiKey: '${secret}',` : '  apiKey: process.env.PORTOLAN_API_KEY,',
    '});',
    'const answer = await client.chat.completions.create({',
    `  model: '${model}',`,
    "  messages: [{ role: 'user', content: 'Hello!' }],",
    '});',
    'console.log(answer.choices[0].message.content);',
  ].join('\n');
}

/** The model examples use: a demo model, else a free one, else the first that answers with text. */
export function exampleModel(models: readonly { id: string; architecture: { output_modalities: string[] } }[]): string {
  const texts = models.filter((model) => model.architecture.output_modalities.includes('text'));
  const found =
    texts.find((model) => model.id === 'portolan/demo-echo') ?? texts.find((model) => model.id.endsWith(':free')) ?? texts[0];
  return found?.id ?? 'portolan/demo-echo';
}
