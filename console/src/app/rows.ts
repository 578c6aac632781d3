import { copyText } from '../ui/copy';
import { useShortcuts } from './shortcuts';

const ROW = '[data-row-id]';

/**
 * Keys for lists whose rows carry `data-row-id` on their link: `j` and `k` move the focus, `y` copies the id of
 * the focused row, Enter follows its link as usual.
 */
export function useRowKeys(what: string): void {
  useShortcuts({
    j: () => move(1),
    k: () => move(-1),
    y: () => {
      const id = document.activeElement?.closest<HTMLElement>(ROW)?.dataset.rowId;
      if (id) void copyText(id, what);
    },
  });
}

function move(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(ROW)].filter((row) => row.offsetParent !== null);
  const focused = rows.findIndex((row) => row === document.activeElement);
  const next = focused < 0 ? rows.find((row) => row.getBoundingClientRect().top > 0) : rows[focused + step];
  next?.focus();
}
