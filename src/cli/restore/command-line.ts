import { restorePlanName } from './restore-plan.ts';
import type { RestoreFlags, SettledNames } from './flags.ts';

/**
 * The command line that goes on with an unfinished restore: every choice written out, so that it means the same
 * tomorrow. Confirmation is left to whoever types it, unless it was given by flag.
 */
export function resumeCommand(flags: RestoreFlags, settled: SettledNames & { readonly to: string }): string {
  const { from, artifact, to, database, sameServer } = settled;
  const words = [
    ...option('--from', from),
    ...option('--artifact', artifact),
    ...option('--to', to),
    ...option('--database', database),
    ...option('--jobs', flags.jobs?.toString()),
    ...several('--only-schema', flags.onlySchema),
    ...several('--only-table', flags.onlyTable),
    ...(flags.schemaOnly === true ? ['--schema-only'] : []),
    ...(flags.dataOnly === true ? ['--data-only'] : []),
    ...(flags.singleTransaction === true ? ['--single-transaction'] : []),
    ...(flags.roles === true ? ['--roles'] : []),
    ...(flags.allowCreateInDump === true ? ['--allow-create-in-dump'] : []),
    ...(flags.compare ? [] : ['--no-compare']),
    ...(sameServer ? ['--same-server'] : []),
    ...option('--config', flags.config),
    '--resume',
    ...(flags.yes === undefined ? [] : flags.yes === true ? ['--yes'] : ['--yes', flags.yes]),
  ];
  return ['run-plan', restorePlanName, ...words].map(shellWord).join(' ');
}

/** A word as a shell takes it: plain ones as they are, others in quotes. */
export function shellWord(word: string): string {
  if (/^[\w./:@%+=,-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function option(flag: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [flag, value];
}

function several(flag: string, values: readonly string[] | undefined): readonly string[] {
  return (values ?? []).flatMap((value) => [flag, value]);
}
