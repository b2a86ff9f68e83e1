import { visible } from '../base/terminal/visible.ts';
import type { DeclaredEnvironment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { CommandHost } from '../task/host.ts';
import { artifactLines } from '../recovery/artifact-words.ts';
import type { Questions } from '../recovery/settle.ts';
import { nameMistake } from '../recovery/database-name.ts';
import { obstacleTo } from '../recovery/source-choice.ts';

/** Columns and rows that the prompts take around a list. */
const margin = 7;
const rowsAround = 7;

/** Asks on the terminal; the prompts are loaded when the first question comes. Undefined where nobody can be asked. */
export function openQuestions(host: CommandHost): Questions | undefined {
  const {
    input,
    terminal: {
      output: { stream: output },
    },
  } = host;
  if (!input.isTTY || !output.isTTY) return undefined;
  const streams = { input, output };
  const shown = (text: string): string => visible(host.redactor.redact(text));
  const columns = (): number => Math.max(20, output.columns - margin);
  const maxItems = (): number => Math.max(3, output.rows - rowsAround);
  const choose = async (message: string, options: readonly Choice[], first?: string): Promise<string> => {
    const { select } = await import('@clack/prompts');
    const initial = first === undefined ? {} : { initialValue: first };
    return answered(
      await select({
        ...streams,
        message,
        options: options.map((each) => shownChoice(each, shown)),
        maxItems: maxItems(),
        ...initial,
      }),
    );
  };
  return {
    source: (environments) => choose('Restore from the repository of', environments.map(sourceChoice)),
    artifact: async (artifacts, from) => {
      const { autocomplete } = await import('@clack/prompts');
      const lines = artifactLines(artifacts, from, { now: new Date(), columns: columns() });
      const options = artifacts.map((artifact, index) => ({
        value: artifact.name,
        label: lines[index] ?? artifact.name,
        disabled: obstacleTo(artifact, from) !== undefined,
      }));
      const placeholder = 'type a part of the name, a date or a state';
      const answer = await autocomplete({
        ...streams,
        message: `Artifact (newest first, ${artifacts.length} in all)`,
        options,
        placeholder,
        maxItems: maxItems(),
        // Enter where the list has nothing that can be chosen.
        validate: (value) =>
          value === undefined ? 'this one cannot be restored: choose another' : undefined,
        filter: (search, { value, label }) => matches(search, `${label ?? ''} ${dashed(value)}`),
      });
      return answered(answer);
    },
    target: (environments, from) =>
      choose(
        'Restore into',
        environments.map((environment) => targetChoice(environment, from)),
        from,
      ),
    database: async (suggested) => {
      const { text } = await import('@clack/prompts');
      return answered(
        await text({
          ...streams,
          message: 'Name of the database (a new one is made)',
          // A name of an artifact's that cannot be shown as it is must be typed.
          initialValue: suggested === visible(suggested) ? suggested : '',
          validate: (name) => nameMistake(name ?? ''),
        }),
      );
    },
    unfinished: (found) =>
      choose(
        'Go on with the unfinished restore in',
        found.map(({ database, unfinished }) => ({
          value: database,
          label: database,
          hint: `${unfinished.artifact}, ${unfinished.state}`,
        })),
      ),
    tell: async (text) => {
      const { S_BAR } = await import('@clack/prompts');
      host.terminal.print(S_BAR, `${S_BAR}  ${text}`);
    },
    refuse: async (reason) => {
      const { log } = await import('@clack/prompts');
      log.warn(shown(reason), { output });
    },
  };
}

interface Choice {
  readonly value: string;
  readonly label: string;
  readonly hint?: string;
}

function shownChoice({ value, label, hint }: Choice, shown: (text: string) => string): Choice {
  return { value, label: shown(label), ...(hint !== undefined && { hint: shown(hint) }) };
}

function sourceChoice({ name, repository }: DeclaredEnvironment): Choice {
  const store = repository?.store;
  if (store === undefined) return { value: name, label: name };
  const hint =
    store.kind === 'folder'
      ? String(store.folder)
      : `s3://${String(store.s3.bucket)}/${String(store.s3.prefix)}`;
  return { value: name, label: name, hint };
}

/** What makes a target special is said with its name, not only where the cursor is. */
export function targetChoice(environment: DeclaredEnvironment, from: string | undefined): Choice {
  const { name, postgres, ephemeral } = environment;
  const where =
    ephemeral === true || postgres === undefined
      ? ['throw-away cluster, gone when the run ends']
      : [`${String(postgres.host)}:${String(postgres.port)}`];
  const marks = [
    ...where,
    ...(environment.protected === false ? [] : ['protected']),
    ...(name === from && ephemeral !== true ? ['where the artifact comes from'] : []),
  ];
  return { value: name, label: `${name}  ${marks.join(', ')}` };
}

/** Every word must occur. */
export function matches(search: string, text: string): boolean {
  const within = text.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => within.includes(word));
}

/** `20250101T020000Z` also as `2025-01-01`, as people type dates. */
function dashed(name: string): string {
  return name.replaceAll(/(\d{4})(\d{2})(\d{2})T/g, '$1-$2-$3 ');
}

function answered(answer: string | symbol): string {
  if (typeof answer !== 'string') throw new Failure('interrupted', 'interrupted, nothing was changed');
  return answer;
}
