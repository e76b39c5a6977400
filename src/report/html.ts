/** Text that is HTML already; only `html` and `trusted` make it. */
export class Html {
  constructor(readonly text: string) {}
}

/** What a template may hold: text and numbers are escaped, lists joined, null and undefined left out. */
export type Content = Html | string | number | null | undefined | readonly Content[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template that escapes whatever is put into it, in text as in a quoted attribute. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return new Html(parts.reduce((text, part, i) => text + escaped(contents[i - 1]) + part));
}

/** HTML from elsewhere: for what gnet itself or the chart library wrote, never for text from a file. */
export function trusted(text: string): Html {
  return new Html(text);
}

function escaped(content: Content): string {
  if (content === null || content === undefined) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(escaped).join('');
  return (
    String(content)
      .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
      // Control characters are not allowed in HTML, and those that turn the direction of writing disguise a name.
      .replace(
        /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu,
        (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
      )
  );
}
