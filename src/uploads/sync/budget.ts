/** Memory that several workers share. */
export interface Budget {
  /** Waits its turn until so many bytes are free; gives what returns them. More than there are counts as all. */
  take(bytes: number): Promise<() => void>;
}

/** First come, first served, so that a large request is not passed by small ones for ever. */
export function createBudget(totalBytes: number): Budget {
  const waiting: { readonly bytes: number; readonly start: () => void }[] = [];
  let free = totalBytes;
  const serve = (): void => {
    for (let [first] = waiting; first !== undefined && first.bytes <= free; [first] = waiting) {
      waiting.shift();
      free -= first.bytes;
      first.start();
    }
  };
  return {
    take: (wanted) =>
      new Promise((resolve) => {
        const bytes = Math.min(wanted, totalBytes);
        const giveBack = (): void => {
          free += bytes;
          serve();
        };
        waiting.push({
          bytes,
          start: () => {
            resolve(giveBack);
          },
        });
        serve();
      }),
  };
}
