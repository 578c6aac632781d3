const FENCE = /^ {0,3}(```+|~~~+)/;
const LIST_ITEM = /^ {0,3}([-*+]|\d{1,9}[.)])(\s|$)/;

/**
 * Cuts markdown into blocks that can be drawn on their own, so that only the last one changes while text arrives.
 * Code between fences stays whole, and so does a list with blank lines between its items. The blocks joined by
 * blank lines mean the same as the text.
 */
export function splitBlocks(text: string): string[] {
  const blocks: string[][] = [];
  let current: string[] = [];
  let fence: string | null = null;
  let afterBlank = false;
  for (const line of text.split('\n')) {
    const mark = FENCE.exec(line)?.[1];
    if (fence === null && line.trim() === '') {
      afterBlank = true;
      continue;
    }
    if (fence === null && afterBlank && current.length > 0) {
      if (continues(current, line)) current.push('');
      else {
        blocks.push(current);
        current = [];
      }
    }
    afterBlank = false;
    current.push(line);
    if (fence === null) fence = mark ?? null;
    else if (mark?.startsWith(fence) && line.trim() === mark) fence = null;
  }
  if (current.length > 0) blocks.push(current);
  return blocks.map((lines) => lines.join('\n'));
}

function continues(block: readonly string[], line: string): boolean {
  return LIST_ITEM.test(block[0] ?? '') && (LIST_ITEM.test(line) || /^\s/.test(line));
}
