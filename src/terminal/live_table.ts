/** A column of numbers, aligned to the right. */
export interface Column {
  readonly title: string;
  /** Characters for its cells. */
  readonly width: number;
  /** Where there is no room for all columns, those with the highest go first. */
  readonly rank: number;
}

/** A row of a table that grows while it is shown. */
export interface TableRow {
  readonly columns: readonly Column[];
  /** One for each column. */
  readonly cells: readonly string[];
  /** Stands behind the last column. */
  readonly note: string;
}

const GAP = '  ';
/** What a note may take. */
const NOTE = 4;

/** The numbers of the columns that fit into `room` characters. */
export function fittingColumns(columns: readonly Column[], room: number): number[] {
  let shown = columns.map((_, index) => index);
  const size = () =>
    shown.reduce((sum, index) => sum + cellWidth(columns[index]!) + GAP.length, GAP.length + NOTE);
  while (shown.length > 1 && size() > room) {
    const last = shown.reduce((worst, index) =>
      columns[index]!.rank > columns[worst]!.rank ? index : worst,
    );
    shown = shown.filter((index) => index !== last);
  }
  return shown;
}

export function tableHeader(columns: readonly Column[], shown: readonly number[]): string {
  return shown.map((index) => GAP + aligned(columns[index]!, columns[index]!.title)).join('');
}

export function tableLine({ columns, cells, note }: TableRow, shown: readonly number[]): string {
  return [...shown.map((index) => aligned(columns[index]!, cells[index]!)), note]
    .map((text) => GAP + text)
    .join('')
    .trimEnd();
}

function aligned(column: Column, text: string): string {
  return text.padStart(cellWidth(column));
}

function cellWidth({ title, width }: Column): number {
  return Math.max(title.length, width);
}
