import { Children, isValidElement, memo, type ReactNode } from 'react';
import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';
import { CodeBlock } from './copy';

const PLUGINS = [remarkGfm];

const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  // Pictures from elsewhere would tell that host who reads; the security policy blocks them, so they become links.
  img: ({ src, alt }) =>
    typeof src === 'string' && src.startsWith('data:image/') ? (
      <img src={src} alt={alt ?? ''} className="max-w-full" />
    ) : (
      <a href={typeof src === 'string' ? src : undefined} target="_blank" rel="noreferrer noopener">
        {alt || 'Picture'}
      </a>
    ),
  pre: ({ children }) => <Code>{children}</Code>,
};

/** Markdown without raw HTML. Drawn again only when its text changes. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS}>
      {text}
    </ReactMarkdown>
  );
});

function Code({ children }: { children: ReactNode }) {
  const inner = Children.toArray(children).find((child) => isValidElement<{ className?: string; children?: ReactNode }>(child));
  const code = textOf(inner?.props.children).replace(/\n$/, '');
  const language = /language-(\S+)/.exec(inner?.props.className ?? '')?.[1];
  return <CodeBlock code={code} what={language ? `${language} code` : 'code'} />;
}

function textOf(node: ReactNode): string {
  return Children.toArray(node)
    .filter((part) => typeof part === 'string')
    .join('');
}
