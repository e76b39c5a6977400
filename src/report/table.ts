import { type Content, type Html, html } from './html.js';

export interface Column<Row> {
  readonly title: Content;
  readonly cell: (row: Row) => Content;
  /** Numbers are aligned to the right. */
  readonly numeric?: boolean;
}

/** A table whose first column names the rows; `total` is a last row that stands out. */
export function table<Row>(
  caption: Content,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  total?: Row,
): Html {
  const style = ({ numeric }: Column<Row>) => (numeric ? 'number' : 'words');
  const heads = columns.map((column) => html`<th scope="col" class="${style(column)}">${column.title}</th>`);
  const cells = (row: Row) =>
    columns.map((column, index) =>
      index === 0
        ? html`<th scope="row">${column.cell(row)}</th>`
        : html`<td class="${style(column)}">${column.cell(row)}</td>`,
    );
  return scrollable(html`<table>
<caption>${caption}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${cells(row)}</tr>\n`)}${total && html`<tr class="total">${cells(total)}</tr>`}</tbody>
</table>`);
}

/** Wide content scrolls by itself, with the keyboard too, and the page does not. */
export function scrollable(content: Html): Html {
  return html`<div class="scroll" tabindex="0">${content}</div>`;
}
