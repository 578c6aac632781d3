import type { ReactNode } from 'react';

/** Line icons on a 20-unit grid in the colour of the text beside them; hidden from assistive technology. */
const SHAPES = {
  models: <path d="M3 5.5 10 2l7 3.5-7 3.5zM3 10l7 3.5 7-3.5M3 14.5 10 18l7-3.5" />,
  chat: <path d="M3 4h14v10H9l-4 3v-3H3z" />,
  key: <path d="M12.5 12a4.5 4.5 0 1 0-4.2-2.9L2.5 15v2.5H5V16h1.5v-1.5H8l1.9-1.9c.8.3 1.7.4 2.6.4zM13.5 6.5h.01" />,
  list: <path d="M3 5h14M3 10h14M3 15h9" />,
  preset: <path d="M3 6h6M13 6h4M3 14h2M9 14h8M11 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z" />,
  route: <path d="M5 17a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 15h5a3 3 0 0 0 0-6H8a3 3 0 0 1 0-6h5" />,
  docs: <path d="M4 2.5h8l4 4v11H4zM12 2.5v4h4M7 10.5h6M7 13.5h6" />,
  copy: <path d="M7 7h9v10H7zM13 7V3H4v10h3" />,
  check: <path d="m4 10.5 4 4 8-9" />,
  close: <path d="m5 5 10 10M15 5 5 15" />,
  search: <path d="M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17 17" />,
  filter: <path d="M2.5 4h15l-6 7v5l-3 1.5V11z" />,
  down: <path d="m5 8 5 5 5-5" />,
  up: <path d="m5 12 5-5 5 5" />,
  right: <path d="m8 5 5 5-5 5" />,
  plus: <path d="M10 4v12M4 10h12" />,
  more: <path d="M5 10h.01M10 10h.01M15 10h.01" strokeWidth="2.6" />,
  sun: <path d="M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM10 2v2M10 16v2M2 10h2M16 10h2M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M4.3 15.7l1.4-1.4M14.3 5.7l1.4-1.4" />,
  moon: <path d="M16.5 11.8A7 7 0 0 1 8.2 3.5a7 7 0 1 0 8.3 8.3z" />,
  system: <path d="M2.5 4h15v9.5h-15zM7 17h6M10 13.5V17" />,
  user: <path d="M10 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3.5 17.5c.8-3 3.3-4.5 6.5-4.5s5.7 1.5 6.5 4.5" />,
  send: <path d="M10 16.500V4M4.5 9.5 10 4l5.5 5.5" />,
  stop: <path d="M5.5 5.500h9v9h-9z" fill="currentColor" />,
  retry: <path d="M16 10a6 6 0 1 1-1.8-4.300L16.5 8M16.5 3.500V8H12" />,
  trash: <path d="M4 5.500h12M8 5.500V3.500h4v2M5.5 5.500l.8 11.500h7.400l.8-11.5" />,
  home: <path d="M3 9.5 10 3l7 6.500M5 8.500V17h10V8.5" />,
  compass: <path d="M10 17.500a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM13 7l-1.8 4.200L7 13l1.8-4.200z" />,
  warn: <path d="M10 3 2.5 16.500h15zM10 8.500v3.500M10 14.300h.01" />,
  history: <path d="M10 5.500V10l3 2M3.5 10A6.5 6.5 0 1 0 5.8 5L3.5 7M3.5 3.500V7H7" />,
} satisfies Record<string, ReactNode>;

/** Name of a drawing in the set. */
export type IconName = keyof typeof SHAPES;

/** One drawing of the set; always beside a text or inside something labelled. */
export function Icon({ name, size = 16, className = '' }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg
      aria-hidden="true"
      className={`shrink-0 ${className}`}
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      {SHAPES[name]}
    </svg>
  );
}
