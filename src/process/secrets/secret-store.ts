import { defined } from '../../base/defined.ts';
import { readFile, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type { Secret, SecretReference, Secrets } from '../../language/secret-reference.ts';
import type { Redactor } from './redactor.ts';
import { createSecret } from './secret.ts';

export interface SecretStoreOptions {
  /** The process's variables: of `{ env }`, and for `CREDENTIALS_DIRECTORY`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Taught every value before anybody can see it. */
  readonly redactor: Redactor;
  /** Told about things that work and should not, such as a secret's file that everybody can read. */
  readonly onWarning?: (text: string) => void;
  /** For commands, milliseconds; 30 s unless said. */
  readonly commandTimeoutMs?: number;
  /** Ends a command that is still running. */
  readonly signal?: AbortSignal;
}

/** Larger than any key or password, smaller than a file that was meant for something else. */
const largestBytes = 65_536;

/**
 * Resolves secret references when a process needs them: each once, remembered for the run; one that failed is tried
 * again when it is next asked for. Exactly one line end is cut from files, commands and credentials.
 */
export function createSecretStore(options: SecretStoreOptions): Secrets {
  const resolved = new Map<string, Promise<Secret>>();
  return {
    resolve: (reference) => {
      const key = keyOf(reference);
      const known = resolved.get(key);
      if (known !== undefined) return known;
      const secret = resolve(reference, options);
      resolved.set(key, secret);
      secret.catch(() => resolved.delete(key));
      return secret;
    },
  };
}

/** How messages call a reference: where the secret is, never what it is. */
export function renderReference(reference: SecretReference): string {
  switch (reference.kind) {
    case 'env':
      return `environment variable ${reference.name}`;
    case 'file':
      return `file ${reference.path}`;
    case 'command':
      return `command '${reference.command}'`;
    case 'credential':
      return `systemd credential ${reference.name}`;
  }
}

async function resolve(reference: SecretReference, options: SecretStoreOptions): Promise<Secret> {
  const value = await read(reference, options);
  if (value.trim() === '') {
    throw unavailable(
      reference,
      'is empty',
      'An empty secret is never meant: put the value there, or remove the setting.',
    );
  }
  options.redactor.teach(value);
  return createSecret(value);
}

function read(reference: SecretReference, options: SecretStoreOptions): Promise<string> {
  switch (reference.kind) {
    case 'env':
      return Promise.resolve(readVariable(reference, options));
    case 'file':
      return readSecretFile(reference, reference.path, options.onWarning);
    case 'command':
      return readCommand(reference, options);
    case 'credential':
      return readCredential(reference, options);
  }
}

function readVariable(reference: SecretReference & { kind: 'env' }, options: SecretStoreOptions): string {
  const value = options.environment[reference.name];
  if (value !== undefined) return value;
  throw unavailable(reference, 'is not set', `Export ${reference.name} where run-plan is started.`);
}

function readCredential(
  reference: SecretReference & { kind: 'credential' },
  { environment }: SecretStoreOptions,
): Promise<string> {
  const folder = environment['CREDENTIALS_DIRECTORY'];
  if (folder === undefined || folder === '') {
    const hint = `CREDENTIALS_DIRECTORY is not set: start it as a systemd unit with LoadCredential=${reference.name}:…`;
    throw unavailable(reference, 'is not there', hint);
  }
  if (/[/\0]/.test(reference.name) || reference.name.startsWith('.')) {
    throw unavailable(reference, 'has a name that is no file name', 'Name it as LoadCredential= does.');
  }
  return readSecretFile(reference, join(folder, reference.name), undefined);
}

async function readSecretFile(
  reference: SecretReference,
  path: string,
  onWarning: SecretStoreOptions['onWarning'],
): Promise<string> {
  try {
    const { mode, size } = await stat(path);
    if (size > largestBytes) {
      throw unavailable(
        reference,
        `has ${String(size)} bytes`,
        'That is too much for a secret: is it the right file?',
      );
    }
    const worldAccess = mode & 0o007;
    if (worldAccess !== 0) onWarning?.(`${path} holds a secret and is open to everybody: chmod o= ${path}`);
    return decode(reference, await readFile(path));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw unavailable(reference, `cannot be read (${codeOf(error)})`, hintForFile(path), error);
  }
}

async function readCommand(
  reference: SecretReference & { kind: 'command' },
  options: SecretStoreOptions,
): Promise<string> {
  // It starts programs, which most runs' secrets do not need.
  const { runSecretCommand } = await import('./secret-command.ts');
  const result = await runSecretCommand(reference.command, {
    timeoutMs: options.commandTimeoutMs ?? 30_000,
    largestBytes,
    inherited: options.environment,
    signal: options.signal,
  });
  const output = result.stdout.toString('utf8').trim();
  // What a command printed before it failed may be the secret, and its complaint may repeat it.
  if (output !== '') options.redactor.teach(output);
  if (result.problem === undefined) return decode(reference, result.stdout);
  const complaint = options.redactor.redact(result.stderr).trim();
  const said = complaint === '' ? 'It printed nothing to its standard error.' : `It said: ${complaint}`;
  throw unavailable(reference, result.problem, said);
}

function decode(reference: SecretReference, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes).replace(/\r?\n$/, '');
  } catch {
    throw unavailable(
      reference,
      'is not UTF-8 text',
      'Store it as text; binary keys can be encoded in base64.',
    );
  }
}

function unavailable(reference: SecretReference, what: string, hint: string, cause?: unknown): Failure {
  return new Failure('secret-unavailable', `secret from ${renderReference(reference)} ${what}`, {
    hint,
    where: reference.position,
    ...defined({ cause }),
  });
}

function keyOf(reference: SecretReference): string {
  switch (reference.kind) {
    case 'file':
      return `file ${reference.path}`;
    case 'command':
      return `command ${reference.command}`;
    case 'env':
    case 'credential':
      return `${reference.kind} ${reference.name}`;
  }
}

function hintForFile(path: string): string {
  const relative = isAbsolute(path) ? '' : ` The path is relative to ${process.cwd()}.`;
  return `Check that the file is there and that this user may read it.${relative}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
