// Which of some names someone may have meant: the one that the fewest wrong letters lead to.

const MOST_WRONG = 2;

/** The nearest name, or undefined where none is near; short words forgive less. */
export function nearest(typed, names) {
  const room = Math.min(MOST_WRONG, Math.floor(typed.length / 2));
  const near = names
    .map((name) => ({ name, wrong: distance(typed, name) }))
    .filter(({ wrong }) => wrong <= room);
  return near.sort((a, b) => a.wrong - b.wrong)[0]?.name;
}

/** Letters to add, drop, change or swap with their neighbour. */
function distance(one, other) {
  let [before, last] = [[], [...Array(other.length + 1).keys()]];
  for (let row = 1; row <= one.length; row += 1) {
    const next = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      next[column] = Math.min(
        next[column - 1] + 1,
        last[column] + 1,
        last[column - 1] + (same ? 0 : 1),
        swapped && row > 1 && column > 1 ? before[column - 2] + 1 : Infinity,
      );
    }
    [before, last] = [last, next];
  }
  return last[other.length];
}
