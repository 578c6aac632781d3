import { type ReactNode, useId } from 'react';

/** A titled block of a form: what it is about at the left, its fields at the right, above each other on narrow screens. */
export function Section({ title, note, wide = false, children }: { title: string; note?: ReactNode; wide?: boolean; children: ReactNode }) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className={`grid gap-x-8 gap-y-4 border-t border-line py-6 first:border-t-0 first:pt-0 ${wide ? 'lg:grid-cols-[16rem_minmax(0,56rem)]' : 'lg:grid-cols-[16rem_minmax(0,40rem)]'}`}
    >
      <div>
        <h2 id={id} className="text-md font-semibold">
          {title}
        </h2>
        {note && <div className="mt-1 text-muted">{note}</div>}
      </div>
      <div className="min-w-0 space-y-5">{children}</div>
    </section>
  );
}
