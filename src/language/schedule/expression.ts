/** What is wrong with a schedule expression, and which characters of it: `offset` counts from 0. */
export interface ExpressionMistake {
  readonly message: string;
  readonly offset: number;
  readonly length: number;
}

/** Thrown by the readers of a part, caught where an expression is parsed as a whole; never leaves this room. */
export class MistakeFound extends Error {
  readonly mistake: ExpressionMistake;

  constructor(message: string, offset: number, length: number) {
    super(message);
    this.mistake = { message, offset, length: Math.max(1, length) };
  }
}

/** Runs a reader of an expression and returns what it read or the mistake that it found. */
export function attempt<T>(read: () => T): T | { readonly mistake: ExpressionMistake } {
  try {
    return read();
  } catch (error) {
    if (error instanceof MistakeFound) return { mistake: error.mistake };
    throw error;
  }
}
