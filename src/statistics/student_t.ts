/**
 * Student's t distribution. Its tail is a regularised incomplete beta function: P(|T| ≥ t) = I_x(ν/2, 1/2) with
 * x = ν / (ν + t²) (Abramowitz & Stegun 26.7.1).
 */

/** P(|T| ≥ |t|) with `degrees` (> 0, not necessarily whole) of freedom. */
export function tTwoSided(t: number, degrees: number): number {
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

/** The t that |T| exceeds with probability `p` (0 < p < 1); for a 95 % interval, p = 0.05. */
export function tCritical(p: number, degrees: number): number {
  let low = 0;
  let high = 1;
  while (tTwoSided(high, degrees) > p) high *= 2;
  // Halving ends where the two are neighbouring numbers.
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (tTwoSided(middle, degrees) > p) low = middle;
    else high = middle;
  }
  return high;
}

/** I_x(a, b), 0 ≤ x ≤ 1, by the continued fraction DLMF 8.17.22, which converges fast for x < (a + 1) / (a + b + 2). */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const logFront = a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b);
  return (Math.exp(logFront) / a) * betaFraction(x, a, b);
}

/** 1 / (1 + d₁ / (1 + d₂ / (1 + …))), by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let [c, d] = [1, 1 / (1 - ((a + b) * x) / (a + 1))];
  let value = d;
  for (let m = 1; m <= 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const coefficient of [even, odd]) {
      d = 1 / (1 + coefficient * d);
      c = 1 + coefficient / c;
      change = c * d;
      value *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return value;
}

/** ln Γ(x), x > 0: Stirling's series (DLMF 5.11.1) above 15, and Γ(x + 1) = x Γ(x) down to it. */
function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 15; z++) shift -= Math.log(z);
  const series = 1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * z * z)) / (z * z)) / (z * z);
  return shift + (z - 0.5) * Math.log(z) - z + Math.log(2 * Math.PI) / 2 + series / z;
}
