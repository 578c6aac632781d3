/** A line of a comparison: in both, only in the earlier text, or only in the later one. */
export type DiffLine = { kind: 'same' | 'removed' | 'added'; text: string };

/** Above this many lines on both sides together a comparison shows the texts whole. */
const LINES_MAX = 4000;

/** Compares two texts line by line by their longest common subsequence. */
export function difference(before: string[], after: string[]): DiffLine[] {
  if (before.length + after.length > LINES_MAX) {
    return [...before.map((text): DiffLine => ({ kind: 'removed', text })), ...after.map((text): DiffLine => ({ kind: 'added', text }))];
  }
  const lengths = commonLengths(before, after);
  const lines: DiffLine[] = [];
  let [left, right] = [0, 0];
  while (left < before.length || right < after.length) {
    const [old, young] = [before[left], after[right]];
    if (old !== undefined && old === young) {
      lines.push({ kind: 'same', text: old });
      left += 1;
      right += 1;
    } else if (young === undefined || (old !== undefined && at(lengths, left + 1, right) >= at(lengths, left, right + 1))) {
      lines.push({ kind: 'removed', text: old ?? '' });
      left += 1;
    } else {
      lines.push({ kind: 'added', text: young });
      right += 1;
    }
  }
  return lines;
}

/** How many lines the rests from each pair of positions have in common. */
function commonLengths(before: string[], after: string[]): Uint16Array[] {
  const rows = Array.from({ length: before.length + 1 }, () => new Uint16Array(after.length + 1));
  for (let left = before.length - 1; left >= 0; left -= 1) {
    const row = rows[left] ?? new Uint16Array();
    for (let right = after.length - 1; right >= 0; right -= 1) {
      row[right] = before[left] === after[right] ? at(rows, left + 1, right + 1) + 1 : Math.max(at(rows, left + 1, right), row[right + 1] ?? 0);
    }
  }
  return rows;
}

function at(rows: Uint16Array[], left: number, right: number): number {
  return rows[left]?.[right] ?? 0;
}
