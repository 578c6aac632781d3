import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, ReactNode } from 'react';

/** Views of one page, each with an address of its own. */
export function Tabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className="mb-6 flex gap-1 overflow-x-auto border-b border-line">
      {children}
    </nav>
  );
}

type Props = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, 'aria-current'> & {
  /** Whether this is the view that is shown; the page knows, the address may hold more. */
  here: boolean;
};

function Anchor({ here, children, ...rest }: Props) {
  return (
    <a
      {...rest}
      aria-current={here ? 'page' : undefined}
      className="flex min-h-10 items-center border-b-2 border-transparent px-3 whitespace-nowrap text-muted hover:text-text focus-visible:-outline-offset-2 aria-[current]:border-accent aria-[current]:font-medium aria-[current]:text-accent pointer-coarse:min-h-11"
    >
      {children}
    </a>
  );
}

/** A link to one of the views. */
export const TabLink = createLink(Anchor);
