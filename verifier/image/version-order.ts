/**
 * Compares two version strings as systemd does (strverscmp_improved, which UAPI.10 "Version Comparison" describes; the
 * numbers below are its steps). Where the two differ systemd's answer counts: digits are newer than no digits, even `0`.
 *
 * @returns a negative number if `a` is the older, a positive one if `b` is, 0 if neither is.
 */
export function compareVersions(a: string, b: string): number {
  let [left, right] = [a, b];
  for (;;) {
    [left, right] = [withoutSeparators(left), withoutSeparators(right)]; // 1
    for (const mark of ['~', 'end', '-', '^', '.'] as const) {
      if (mark === 'end') {
        if (left === '' || right === '') return Math.sign(left.length - right.length); // 3
        continue;
      }
      const order = Number(right.startsWith(mark)) - Number(left.startsWith(mark)); // 2, 4, 5, 6
      if (order !== 0) return order;
      if (left.startsWith(mark)) [left, right] = [left.slice(1), right.slice(1)];
    }
    const numeric = /^[0-9]/.test(left) || /^[0-9]/.test(right);
    const [x, y] = numeric ? [digits(left), digits(right)] : [letters(left), letters(right)];
    const order = numeric ? compareNumbers(x, y) : compareText(x, y); // 7, 8
    if (order !== 0) return order;
    [left, right] = [left.slice(x.length), right.slice(y.length)];
  }
}

function withoutSeparators(text: string): string {
  return text.replace(/^[^A-Za-z0-9~^.-]+/, '');
}

function digits(text: string): string {
  return /^[0-9]*/.exec(text)?.[0] ?? '';
}

function letters(text: string): string {
  return /^[A-Za-z]*/.exec(text)?.[0] ?? '';
}

// By length and text rather than as numbers: there is no largest version.
function compareNumbers(x: string, y: string): number {
  if (x === '' || y === '') return Math.sign(x.length - y.length);
  const [p, q] = [x.replace(/^0+/, ''), y.replace(/^0+/, '')];
  return Math.sign(p.length - q.length) || compareText(p, q);
}

function compareText(x: string, y: string): number {
  return x < y ? -1 : Number(x > y);
}
