import { type Html, html, trusted } from './html.js';

/** Markers by name: what the chart library calls each, and its outline in a box of 8 × 8 around (16, 6). */
export const MARKERS = {
  circle: { symbol: 'circle', path: 'M12.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0Z' },
  square: { symbol: 'rect', path: 'M13 3h6v6h-6Z' },
  triangle: { symbol: 'triangle', path: 'M16 2l4 7h-8Z' },
  diamond: { symbol: 'diamond', path: 'M16 1.5l4.5 4.5l-4.5 4.5l-4.5 -4.5Z' },
} as const;

/** How a line looks. Lines differ by more than colour: by dashes, or by markers. */
export interface Look {
  /** Number of a `--series-<n>` of the page's style. */
  readonly colour: number;
  readonly dash: keyof typeof DASHES;
  readonly marker: keyof typeof MARKERS | null;
  /** In pixels. */
  readonly width: number;
}

const DASHES = { solid: [], dashed: [7, 4], dotted: [2, 3], mixed: [9, 3, 2, 3] } as const;

/** As many colours as style.ts defines. */
export const COLOURS = 6;

/** The dashes of a line: lengths of strokes and gaps in pixels, or 'solid'. */
export function dashes({ dash }: Look): 'solid' | readonly number[] {
  return dash === 'solid' ? 'solid' : DASHES[dash];
}

/** The look of the `index`-th of many curves; the first 16 differ without their colours too. */
export function lookOf(index: number): Look {
  const pick = <T>(choices: readonly T[], at: number) => choices[at % choices.length]!;
  return {
    colour: (index % COLOURS) + 1,
    dash: pick(Object.keys(DASHES) as (keyof typeof DASHES)[], index),
    marker: pick(Object.keys(MARKERS) as (keyof typeof MARKERS)[], index + Math.floor(index / 4)),
    width: 2,
  };
}

/** A short piece of the line, for a legend. */
export function swatch(look: Look): Html {
  const line = look.dash === 'solid' ? '' : ` stroke-dasharray="${DASHES[look.dash].join(' ')}"`;
  const marker = look.marker === null ? '' : `<path d="${MARKERS[look.marker].path}"/>`;
  return html`<svg class="swatch" style="--colour: var(--series-${look.colour})" viewBox="0 0 32 12" aria-hidden="true">${trusted(
    `<line x1="0" y1="6" x2="32" y2="6" stroke-width="${look.width}"${line}/>${marker}`,
  )}</svg>`;
}
