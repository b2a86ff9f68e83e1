import { Failure } from '../../base/failure.ts';
import type { CommandVariables } from '../../language/command-variables.ts';
import type { Secrets } from '../../language/secret-reference.ts';

/**
 * Variables of `env:` as a process gets them, the secrets among them found.
 * @throws Failure `secret-unavailable`
 */
export async function resolveVariables(
  variables: CommandVariables,
  secrets: Secrets,
): Promise<Readonly<Record<string, string>>> {
  const found = Object.entries(variables).map(async ([name, value]) => {
    if (typeof value === 'string') return [name, value] as const;
    const text = (await secrets.resolve(value)).reveal();
    if (!text.includes('\0')) return [name, text] as const;
    throw new Failure(
      'secret-unavailable',
      `the secret of ${name} holds a NUL character, which no variable can`,
      {
        hint: 'give the command a file instead, or store the secret as text',
        where: value.position,
      },
    );
  });
  return Object.fromEntries(await Promise.all(found));
}
