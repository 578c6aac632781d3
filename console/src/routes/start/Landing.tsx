import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { modelsQuery } from '../../api/queries';
import { curlSnippet, exampleModel } from '../../app/snippets';
import { plural } from '../../format/figures';
import { buttonClass } from '../../ui/Button';
import { CodeBlock } from '../../ui/copy';
import { PRODUCT, usePageHeading } from '../../ui/Page';

const POINTS: [string, string][] = [
  ['One address', 'Unmodified OpenAI and OpenRouter clients work: change the base URL and the key.'],
  ['Every cost explained', 'Each answer has a record: which providers were tried, what each token cost, and why.'],
  ['Yours', 'One program on your own machine. Nothing is sent anywhere but to the providers you chose.'],
];

/** The page visitors see. */
export function Landing() {
  const heading = usePageHeading('One API for every model');
  const models = useQuery(modelsQuery);
  const count = models.data?.length;
  return (
    <div className="mx-auto w-full max-w-3xl px-4 py-10 sm:px-6 sm:py-16">
      <h1 ref={heading} tabIndex={-1} className="text-2xl font-semibold tracking-tight text-balance">
        One API for every model, on your own server
      </h1>
      <p className="mt-4 max-w-xl text-md text-muted">
        {PRODUCT} routes requests to language models of many providers, fails over between them, and bills each answer
        to the nano-dollar.
      </p>
      <div className="mt-7 flex flex-wrap gap-3">
        <Link to="/keys" className={buttonClass('primary', 'min-h-11 px-5')}>
          Get API key
        </Link>
        <Link to="/models" className={buttonClass('secondary', 'min-h-11 px-5')}>
          {count ? `Browse ${plural(count, 'model')}` : 'Browse models'}
        </Link>
        <Link to="/docs/api" className={buttonClass('quiet', 'min-h-11 px-3')}>
          API reference
        </Link>
      </div>
      <section className="mt-12" aria-labelledby="call">
        <h2 id="call" className="mb-3 text-md font-semibold">
          Call it
        </h2>
        <CodeBlock code={curlSnippet(exampleModel(models.data ?? []))} what="curl example" />
      </section>
      <dl className="mt-12 grid gap-6 sm:grid-cols-3">
        {POINTS.map(([term, text]) => (
          <div key={term}>
            <dt className="font-semibold">{term}</dt>
            <dd className="mt-1 text-muted">{text}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
