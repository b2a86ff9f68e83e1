import { defined } from '../base/defined.ts';
import { Failure } from '../base/failure.ts';
import type { PostgresRestoreParameters } from '../language/generated/postgres-restore.types.ts';
import { requestOf, type RestoreRequest } from '../restore/restore-request.ts';
import { restorePlanName } from './restore-plan.ts';
import {
  wishOptions,
  type RestoreFlags,
  type RestoreWish,
  type Values,
  type WishOption,
} from './wish-options.ts';

const rows: readonly (readonly [key: keyof RestoreWish, option: WishOption])[] = Object.entries(
  wishOptions,
) as never;

/** The parameters of `postgres-restore`; what was not said is left to its defaults. */
export function parametersOf(wish: RestoreWish): PostgresRestoreParameters {
  const parameters: Record<string, unknown> = {};
  const only: Record<string, unknown> = {};
  for (const [key, { parameter }] of rows) {
    const value = wish[key];
    if (parameter === undefined || value === undefined || isEmpty(value)) continue;
    if (parameter.startsWith('only.')) only[parameter.slice('only.'.length)] = value;
    else parameters[parameter] = value;
  }
  return { ...parameters, ...defined({ only: Object.keys(only).length === 0 ? undefined : only }) };
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/**
 * The request as postgres-restore will read it.
 * @throws Failure `usage` for wishes that contradict each other
 */
export function requestOfWish(
  wish: RestoreWish,
  variables: Readonly<Record<string, string | undefined>>,
): RestoreRequest {
  try {
    return requestOf(parametersOf(wish), variables);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'plan-invalid') throw error;
    const { message, hint } = inFlags(error);
    throw new Failure('usage', message, hint === undefined ? {} : { hint });
  }
}

/** A failure whose words are of a plan's YAML, in the words of the command line: `'replace: true'` is `--replace`. */
export function inFlags(failure: Failure): Failure {
  const { code, hint, where, facts, cause } = failure;
  return new Failure(code, flagWords(failure.message), {
    ...(hint !== undefined && { hint: flagWords(hint) }),
    ...defined({ where, facts, cause }),
  });
}

/** Those that are a word of their own in a sentence about something else stay as they are. */
const flagOfParameter = new Map(
  rows.flatMap(([, { parameter, flags, kind }]) =>
    parameter !== undefined && (kind === 'switch' || kind === 'jobs' || kind === 'privileges')
      ? [[parameter, nameOf(flags)]]
      : [],
  ),
);

function flagWords(text: string): string {
  return text.replaceAll(
    /'([a-z-]+)(?:: true)?'/g,
    (written, parameter: string) => flagOfParameter.get(parameter as never) ?? written,
  );
}

/** `--jobs` of `--jobs <number>`. */
function nameOf(flags: string): string {
  return flags.split(' ', 1)[0] ?? '';
}

/**
 * The command line that goes on with an unfinished restore: every choice written out, so that it means the same
 * tomorrow. Confirmation is left to whoever types it, unless it was given by flag.
 */
export function resumeCommand(wish: RestoreWish, { config }: Pick<RestoreFlags, 'config'>): string {
  const words = rows.flatMap(([key, option]) =>
    option.once === true ? [] : wordsOf(option, key === 'resume' ? true : wish[key]),
  );
  const settings = config === undefined ? [] : ['--config', config];
  return ['run-plan', restorePlanName, ...words, ...settings].map(shellWord).join(' ');
}

function wordsOf({ flags, kind }: WishOption, value: Values[keyof Values] | undefined): readonly string[] {
  const name = nameOf(flags);
  if (value === undefined || (kind === 'no' && value === true)) return [];
  if (typeof value === 'boolean') return [name];
  if (typeof value === 'object') return value.flatMap((each) => [name, each]);
  return [name, String(value)];
}

/** A word as a shell takes it: plain ones as they are, others in quotes. */
export function shellWord(word: string): string {
  if (/^[\w./:@%+=,-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
