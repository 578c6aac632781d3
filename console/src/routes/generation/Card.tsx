import { type ReactNode, useId } from 'react';

/** A titled part of a record. */
export function Card({ title, note, children }: { title: string; note?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="card min-w-0 p-4 sm:p-5">
      <h2 id={id} className="text-md font-semibold">
        {title}
      </h2>
      {note && <p className="mt-1 text-muted">{note}</p>}
      <div className="mt-3">{children}</div>
    </section>
  );
}
