import { visible } from '../base/terminal/visible.ts';
import { createInterface } from 'node:readline/promises';
import { Failure } from '../base/failure.ts';
import type { CommandHost } from '../task/host.ts';

/** What an operator is asked to type, and how a command line may answer in advance. */
export interface Confirmation {
  /** What will happen, a sentence or more, shown before the question. */
  readonly consequence: string;
  /** The exact word to type: a protected environment's name, or `yes`. */
  readonly word: string;
  /** `--yes` (true) or `--yes NAME`. */
  readonly given: string | true | undefined;
}

/**
 * Gets a person's word before something is written (promise 3). `--yes` answers a plain question; a protected
 * environment wants its name, typed or as `--yes NAME`. Without a terminal nothing is asked.
 *
 * @throws Failure `not-confirmed`, `interrupted` for Ctrl-C
 */
export async function confirm(host: CommandHost, confirmation: Confirmation): Promise<void> {
  const { word, given } = confirmation;
  if (given === word || (given === true && word === 'yes')) return;
  if (given !== undefined) {
    const said = given === true ? '--yes' : `--yes ${given}`;
    throw new Failure('not-confirmed', `${said} does not confirm this: ${confirmation.consequence}`, {
      hint: `say --yes ${word}`,
    });
  }
  if (!host.input.isTTY) {
    throw new Failure('not-confirmed', `not confirmed: ${confirmation.consequence}`, {
      hint: `without a terminal, confirm with --yes${word === 'yes' ? '' : ` ${word}`}`,
    });
  }
  host.terminal.tell(confirmation.consequence);
  const typed = await ask(host, `Type ${visible(word)} to go on: `);
  if (typed !== word) {
    throw new Failure('not-confirmed', 'not confirmed, nothing was changed', {
      hint: `type exactly: ${word}`,
    });
  }
}

async function ask(host: CommandHost, question: string): Promise<string> {
  const reader = createInterface({ input: host.input, output: host.terminal.errorOutput.stream });
  const closed = new AbortController();
  reader.once('close', () => {
    closed.abort();
  });
  reader.once('SIGINT', () => {
    closed.abort(new Failure('interrupted', 'interrupted, nothing was changed'));
  });
  try {
    return (await reader.question(question, { signal: closed.signal })).trim();
  } catch {
    if (closed.signal.reason instanceof Failure) throw closed.signal.reason;
    return ''; // Ctrl-D: no word was given
  } finally {
    reader.close();
  }
}
