import type { Span, Tone } from './text.ts';

/** Every word for how something is that the command line tells, and what its colour means. */
const tones: Readonly<Record<string, Tone>> = {
  ...toned('good', 'succeeded verified fresh ok proven delivered passed signed success active keep'),
  ...toned('attention', 'running unverified skipped cancelled interrupted open unknown warn warning invalid'),
  ...toned('attention', 'WARN WEAKER rto-missed folded inactive activating drift never change start'),
  ...toned('bad', 'failed FAIL FAILED damaged missing late undelivered rejected error remove abort LOST BUT'),
};

function toned(tone: Tone, words: string): Record<string, Tone> {
  return Object.fromEntries(words.split(' ').map((word) => [word, tone]));
}

/** A status as the word that says it, or as `text` that begins with it or means it, in the colour of its meaning. */
export function status(word: string, text = word): Span {
  return { text, tone: Object.hasOwn(tones, word) ? tones[word] : undefined };
}

/** What is told beside what matters. */
export function quiet(text: string): Span {
  return { text, tone: 'quiet' };
}

export function strong(text: string): Span {
  return { text, tone: 'strong' };
}

/** A command to be copied: never broken. */
export function command(text: string): Span {
  return { text, whole: true };
}
