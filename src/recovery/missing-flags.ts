import { Failure } from '../base/failure.ts';
import { isPath } from '../restore/restore-request.ts';
import type { Plans } from '../task/plans.ts';
import { namesOf, sourcesOf, targetsOf } from './environment-choice.ts';
import type { RestoreWish } from './wish-options.ts';

/**
 * Without a terminal everything must be said: names every flag that is missing, at once.
 * @throws Failure `usage`
 */
export function requireFlags(plans: Plans, wish: RestoreWish): void {
  const missing = missingFlags(plans, wish);
  if (missing.length === 0) return;
  const names = missing.map(({ flag }) => flag);
  throw new Failure('usage', `without a terminal, restore also needs ${joined(names)}`, {
    hint: missing.map(({ flag, why }) => `${flag}: ${why}`).join('; '),
  });
}

interface MissingFlag {
  readonly flag: string;
  readonly why: string;
}

function missingFlags(plans: Plans, wish: RestoreWish): readonly MissingFlag[] {
  const sources = sourcesOf(plans);
  const targets = targetsOf(plans);
  const isFile = wish.artifact !== undefined && isPath(wish.artifact);
  const from = isFile ? undefined : (wish.from ?? (sources.length === 1 ? sources[0]?.name : undefined));
  const to = targets.find(({ name }) => name === (wish.to ?? from));
  const word = to?.protected === true ? ` ${to.name}` : '';
  return [
    ...(!isFile && from === undefined && sources.length > 1
      ? [{ flag: '--from', why: `whose artifact, one of ${namesOf(sources)}` }]
      : []),
    ...(isTargetSaid(wish, from) ? [] : [{ flag: '--to', why: `where to, one of ${namesOf(targets)}` }]),
    ...(wish.yes === undefined && wish.dryRun !== true
      ? [{ flag: `--yes${word}`, why: 'the word that it is meant' }]
      : []),
  ];
}

/** The source's own server is written to by those only who name it. */
export function isTargetSaid(wish: RestoreWish, from: string | undefined): boolean {
  if (wish.to !== undefined) return true;
  if (from === undefined) return false;
  return wish.sameServer === true || wish.dryRun === true || wish.yes === from;
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}
