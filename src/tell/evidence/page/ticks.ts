const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Distances that read well, ascending. */
const distances = [
  ...[0.001, 0.01, 0.1, 0.5].map((each) => each * second),
  ...[second, minute].flatMap((unit) => [1, 2, 5, 10, 15, 30].map((each) => each * unit)),
  ...[1, 2, 3, 6, 12].map((each) => each * hour),
  ...[1, 2, 5, 10, 20, 50, 100].map((each) => each * day),
];

/** Round durations from 0 up to `wholeMs`, no more than `most` beside the 0. */
export function ticksUpTo(wholeMs: number, most: number): readonly number[] {
  const distance = distances.find((each) => wholeMs / each <= most) ?? wholeMs / most;
  return Array.from({ length: Math.floor(wholeMs / distance) + 1 }, (_, index) => index * distance);
}
