import type { SecretReference } from './secret-reference.ts';
import type { MayBeOpen } from './yaml/open.ts';
import type { WrittenReference } from './written-reference.ts';

/** Variables that a plan gives to commands (`env:`): texts, and where secrets are to be found. */
export type CommandVariables = Readonly<Record<string, string | SecretReference>>;

/** As YAML writes them. */
export type WrittenVariables = Readonly<Record<string, string | number | WrittenReference | undefined>>;

/** Reads `env:`; `reference` reads a secret of it by its name. */
export function readVariables(
  said: MayBeOpen<WrittenVariables>,
  reference: (written: WrittenReference, name: string) => SecretReference,
): CommandVariables {
  // `{ env }` is a secret's reference here, so that nothing of it can be open.
  const written = said as WrittenVariables;
  return Object.fromEntries(
    Object.entries(written).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, typeof value === 'object' ? reference(value, name) : String(value)]];
    }),
  );
}

/** Variables by which a shell or the loader runs code that is not the program's own, or that bash keeps to itself. */
export function isUnsafeVariable(name: string): boolean {
  return unsafe.has(name) || /^(?:LD|DYLD|BASH_FUNC)_/.test(name);
}

const unsafe: ReadonlySet<string> = new Set([
  ...['BASH_ENV', 'ENV', 'BASHOPTS', 'SHELLOPTS', 'IFS', 'PS4', 'PROMPT_COMMAND', 'SHLVL', 'GCONV_PATH'],
]);

/** Why nobody may give a variable to a command, with what to do; undefined: it may be given. */
export function refusal(name: string): { readonly message: string; readonly hint: string } | undefined {
  if (isUnsafeVariable(name)) {
    return {
      message: `'${name}' makes programs run other code than their own`,
      hint: 'say in the command itself what it is to do',
    };
  }
  if (name.startsWith('RUN_PLAN_'))
    return { message: `'${name}' is a variable of run-plan's own`, hint: 'give it another name' };
  if (!/^PG[A-Z]+$/.test(name) && name !== 'DATABASE_URL') return undefined;
  return {
    message: `'${name}' comes from the step's environment`,
    hint: `name the environment that is meant with 'environment:', or give it another name and say ${name}="$…" before the program`,
  };
}
