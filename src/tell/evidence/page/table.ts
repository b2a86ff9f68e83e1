import { markup, type Markup, type Part } from '../markup.ts';

export interface PageColumn {
  readonly title: string;
  readonly numeric?: boolean;
}

export interface PageTable {
  /** Says what the table is about, for those who cannot see where it stands. */
  readonly caption: string;
  readonly columns: readonly PageColumn[];
  readonly rows: readonly (readonly Part[])[];
}

/** Rows that are shown of one table; the JSON has them all. */
const mostRows = 300;

/**
 * A table with its heads; on a narrow screen each row becomes a block of labelled lines. The roles say what it is
 * where the style would take that away.
 */
export function pageTable({ caption, columns, rows }: PageTable): Markup | undefined {
  if (rows.length === 0) return undefined;
  const more = rows.length - mostRows;
  return markup`<div class="scroll"><table class="stacked" role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(
    ({ title, numeric }) =>
      markup`<th role="columnheader" scope="col"${numeric === true && markup` class="number"`}>${title}</th>`,
  )}</tr></thead>
<tbody role="rowgroup">
${rows.slice(0, mostRows).map((row) => markup`<tr role="row">${row.map((cell, index) => pageCell(columns[index], cell))}</tr>\n`)}</tbody>
</table></div>${more > 0 && markup`<p class="after">And ${more} more, in the JSON beside this page.</p>`}`;
}

function pageCell(column: PageColumn | undefined, cell: Part): Markup {
  const isEmpty = cell === '' || cell === null || cell === undefined || cell === false;
  const classes = [...(column?.numeric === true ? ['number'] : []), ...(isEmpty ? ['empty'] : [])].join(' ');
  return markup`<td role="cell" data-label="${column?.title}"${classes !== '' && markup` class="${classes}"`}><div>${cell}</div></td>`;
}

export type Tone = 'good' | 'bad' | 'warn' | 'quiet';

export function chip(tone: Tone, word: string): Markup {
  return markup`<span class="chip ${tone}">${word}</span>`;
}

/** A section with its heading; nothing without a body. */
export function pageSection(id: string, title: string, body: Part): Markup | undefined {
  const parts = Array.isArray(body) ? body.filter((part) => part !== undefined) : [body];
  if (parts.length === 0 || parts[0] === undefined) return undefined;
  return markup`<section class="paper" aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${body}
</section>
`;
}
