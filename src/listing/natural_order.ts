/**
 * Compares names as people count: class2 before class10, capitals beside small letters. Names that differ in leading
 * zeros or capitals only follow the code units of their characters, so that no two names are equal.
 */
export function naturalOrder(a: string, b: string): number {
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = compareParts(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length || codeUnits(a, b);
}

/** Runs of digits and of other characters, in turns. */
function parts(name: string): string[] {
  return name.toLowerCase().match(/[0-9]+|[^0-9]+/g) ?? [];
}

function compareParts(a: string, b: string): number {
  const isNumber = /^[0-9]/;
  if (!isNumber.test(a) || !isNumber.test(b)) return codeUnits(a, b);
  const [left, right] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')];
  return left.length - right.length || codeUnits(left, right);
}

function codeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
