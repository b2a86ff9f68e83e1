/** `1 key`, `2 keys`, `1,204 keys`; a noun whose plural is not made with an s says it. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(number)} ${number === 1 ? noun : plural}`;
}

/** `1,204,411`. */
export function grouped(number: number): string {
  // toLocaleString takes a millisecond to begin with, each time.
  return String(Math.round(number)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
