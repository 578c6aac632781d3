import type { ButtonHTMLAttributes } from 'react';

/** How much a button weighs on its page; at most one `primary` per view. */
export type ButtonKind = 'primary' | 'secondary' | 'quiet' | 'danger';

const BASE =
  'inline-flex items-center justify-center gap-2 rounded-ctl text-sm font-medium whitespace-nowrap select-none ' +
  'transition-colors duration-[120ms] disabled:opacity-55 pointer-coarse:min-h-11';

const KINDS: Record<ButtonKind, string> = {
  primary: 'min-h-9 px-3.5 bg-accent text-on-accent not-disabled:hover:opacity-90',
  secondary: 'min-h-9 px-3 border border-ctl bg-raised text-text not-disabled:hover:bg-sunken',
  quiet: 'min-h-8 px-2 text-muted not-disabled:hover:bg-sunken not-disabled:hover:text-text',
  danger: 'min-h-9 px-3.5 border border-bad text-bad bg-raised not-disabled:hover:bg-bad-bg',
};

/** The look of a button, for links that act like one. */
export function buttonClass(kind: ButtonKind = 'secondary', extra = ''): string {
  return `${BASE} ${KINDS[kind]} ${extra}`;
}

type Props = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: ButtonKind };

/** A push button; `type="button"` unless told otherwise. */
export function Button({ kind = 'secondary', className = '', type = 'button', ...rest }: Props) {
  return <button {...rest} type={type} className={buttonClass(kind, className)} />;
}

/** A square button that shows an icon only; `label` is its accessible name and its hover text. */
export function IconButton({ label, className = '', type = 'button', ...rest }: Props & { label: string }) {
  return (
    <button
      {...rest}
      type={type}
      aria-label={label}
      title={label}
      className={
        'inline-flex size-8 shrink-0 items-center justify-center rounded-ctl text-muted hover:bg-sunken hover:text-text ' +
        `pointer-coarse:size-11 ${className}`
      }
    />
  );
}
