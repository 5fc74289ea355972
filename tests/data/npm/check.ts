// What the programs have in common.

/** Throw an error unless two values are the same as JSON. */
export function check(found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a} instead of ${b}`);
}

/** Return the one task of an answer that has been created of one, and not of an array. */
export function one<Item>(answer: Item | Item[] | undefined): Item {
  if (answer === undefined || Array.isArray(answer)) throw new Error(`one task expected: ${JSON.stringify(answer)}`);
  return answer;
}
