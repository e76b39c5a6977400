/** Of C0 and C1, all but the line break and the tab: an ESC or a U+009B would steer the terminal. */
const STEERING = /[^\P{Cc}\n\t]/gu;

/** Text as it goes to a terminal or a log: what data and arguments brought into it cannot steer that. */
export function outputText(text: string): string {
  return text.replace(STEERING, (character) => `\\x${hex(character, 2)}`);
}

/** A JSON document for stdout, whose strings read back as they are; JSON itself escapes no DEL and no C1. */
export function outputJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(STEERING, (character) => `\\u${hex(character, 4)}`);
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
