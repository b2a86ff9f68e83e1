import type { ExportedPlan } from './exported-plan.ts';
import { secretsUsed } from './secrets-used.ts';
import { shellWord, variableName } from './shell.ts';
import { keyVariables, storesUsed } from './stores-used.ts';

/** A systemd credential as a store of secrets for CI keeps it. */
export interface StoredCredential {
  readonly name: string;
  /** Of the secret in the store, and of the variable that carries it into the run. */
  readonly variable: string;
}

/** Names of the variables that carry secrets of a plan, as its environments name them, and the SDK's own keys where it needs them. */
export function secretVariables(exported: ExportedPlan): readonly string[] {
  const keys = storesUsed(exported).needsKeys ? keyVariables : [];
  return [...new Set([...secretsUsed(exported).variables, ...keys])].sort();
}

/** Credentials of a plan; where two names differ only in marks, the later variable is numbered. */
export function storedCredentials(exported: ExportedPlan): readonly StoredCredential[] {
  const taken = new Set<string>();
  return secretsUsed(exported).credentials.map((name) => {
    const first = variableName('CREDENTIAL_', name);
    let variable = first;
    for (let number = 2; taken.has(variable); number += 1) variable = `${first}_${number}`;
    taken.add(variable);
    return { name, variable };
  });
}

/** Bash that lays credentials as files of mode 600 in a folder; no value is ever an argument of a program. */
export function credentialScript(credentials: readonly StoredCredential[], folder: string): string {
  return [
    'umask 077',
    `mkdir -p "${folder}"`,
    ...credentials.map(({ name, variable }) => `printf '%s' "$${variable}" > "${folder}"/${shellWord(name)}`),
    '',
  ].join('\n');
}
