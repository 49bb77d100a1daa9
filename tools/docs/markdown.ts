export const generatedNote = '<!-- Written by `npm run docs`; change the sources instead. -->';

/** A Markdown table; `|` and line ends in a cell are escaped. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * Replaces what stands between `<!-- generated: name -->` and `<!-- /generated -->`.
 * @throws {Error} when the page has no such marker.
 */
export function fillMarker(page: string, name: string, content: string): string {
  const opening = `<!-- generated: ${name} -->`;
  const start = page.indexOf(opening);
  const end = page.indexOf('<!-- /generated -->', start);
  if (start < 0 || end < 0) throw new Error(`the page has no "${opening}" … "<!-- /generated -->"`);
  return `${page.slice(0, start + opening.length)}\n\n${content}\n\n${page.slice(end)}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
