import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/base/failure.ts';
import type { SecretReference } from '../../../../src/language/secret-reference.ts';
import { createRedactor, type Redactor } from '../../../../src/process/secrets/redactor.ts';
import { createSecretStore, type SecretStoreOptions } from '../../../../src/process/secrets/secret-store.ts';

const position = 'plans/environments.yaml:9:17';
let folder: string;
let redactor: Redactor;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-plan-secret-'));
  redactor = createRedactor();
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function store(options: Partial<SecretStoreOptions> = {}): ReturnType<typeof createSecretStore> {
  return createSecretStore({ environment: { PATH: process.env['PATH'] }, redactor, ...options });
}

function command(text: string): SecretReference {
  return { kind: 'command', command: text, position };
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw new Error(`expected a Failure, got ${String(error)}`);
  return error;
}

/** Zombies that nobody reaps yet do not run any more. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => undefined);
  return status !== undefined && !status.includes(') Z ');
}

async function writeSecret(text: string | Uint8Array, mode = 0o600): Promise<string> {
  const path = join(folder, 'password');
  await writeFile(path, text);
  await chmod(path, mode);
  return path;
}

describe('a secret that is there', () => {
  it('comes from an environment variable as it is', async () => {
    const secret = await store({ environment: { PGPASS: ' with spaces ' } }).resolve({
      kind: 'env',
      name: 'PGPASS',
      position,
    });
    expect(secret.reveal()).toBe(' with spaces ');
  });

  it.each([
    ['hunter22\n', 'hunter22'],
    ['hunter22\r\n', 'hunter22'],
    ['hunter22\n\n', 'hunter22\n'],
    ['hunter22', 'hunter22'],
    ['line one\nline two\n', 'line one\nline two'],
  ])('comes from a file holding %j with one line end cut', async (text, expected) => {
    const secret = await store().resolve({ kind: 'file', path: await writeSecret(text), position });
    expect(secret.reveal()).toBe(expected);
  });

  it('comes from a command with one line end cut', async () => {
    const secret = await store().resolve(command("printf 'hunter22\\n'"));
    expect(secret.reveal()).toBe('hunter22');
  });

  it('comes from a systemd credential', async () => {
    await writeSecret('hunter22\n', 0o440);
    const secret = await store({ environment: { CREDENTIALS_DIRECTORY: folder } }).resolve({
      kind: 'credential',
      name: 'password',
      position,
    });
    expect(secret.reveal()).toBe('hunter22');
  });

  it('is taught to the redactor before anyone has it, wherever it comes from', async () => {
    const path = await writeSecret('of-the-file');
    const secrets = store({ environment: { PGPASS: 'of-the-variable', CREDENTIALS_DIRECTORY: folder } });
    await secrets.resolve({ kind: 'env', name: 'PGPASS', position });
    await secrets.resolve({ kind: 'file', path, position });
    await secrets.resolve(command('echo of-the-command'));
    expect(redactor.redact('of-the-variable of-the-file of-the-command')).toBe('*** *** ***');
    await writeSecret('of-the-credential');
    await secrets.resolve({ kind: 'credential', name: 'password', position });
    expect(redactor.redact('of-the-credential')).toBe('***');
  });

  it('is resolved once, also when two ask at the same time and from different places', async () => {
    const counter = join(folder, 'counter');
    const secrets = store();
    const text = `echo x >> ${counter}; wc -l < ${counter}; echo of hunter22`;
    const both = await Promise.all([secrets.resolve(command(text)), secrets.resolve(command(text))]);
    const later = await secrets.resolve({ ...command(text), position: 'plans/other.yaml:1:1' });
    expect([...both, later].map((secret) => secret.reveal())).toEqual(Array(3).fill('1\nof hunter22'));
  });

  it('in a file that everybody can read works with a warning that names the file', async () => {
    const warnings: string[] = [];
    const path = await writeSecret('hunter22', 0o644);
    await store({ onWarning: (text) => warnings.push(text) }).resolve({ kind: 'file', path, position });
    expect(warnings).toEqual([`${path} holds a secret and is open to everybody: chmod o= ${path}`]);
  });

  it.each([0o600, 0o640, 0o400])('in a file of mode %o gives no warning', async (mode) => {
    const warnings: string[] = [];
    const path = await writeSecret('hunter22', mode);
    await store({ onWarning: (text) => warnings.push(text) }).resolve({ kind: 'file', path, position });
    expect(warnings).toEqual([]);
  });
});

describe('a secret that cannot be had', () => {
  it.each<[string, SecretReference, RegExp]>([
    ['variable', { kind: 'env', name: 'NOT_SET', position }, /environment variable NOT_SET is not set/],
    [
      'file',
      { kind: 'file', path: '/nowhere/password', position },
      /file \/nowhere\/password cannot be read \(ENOENT\)/,
    ],
    ['folder', { kind: 'file', path: '/tmp', position }, /file \/tmp cannot be read \(EISDIR\)/],
    ['credential', { kind: 'credential', name: 'ops', position }, /systemd credential ops is not there/],
    ['command', command('exit 3'), /command 'exit 3' exited with 3/],
    ['program', command('no-such-program-here'), /exited with 127/],
    ['killed command', command('kill -9 $$'), /was ended by SIGKILL/],
    ['silent command', command('true'), /command 'true' is empty/],
    ['endless command', command('yes'), /printed more than 65536 bytes/],
  ])('as a %s says which, where it was written and what to do', async (_, reference, message) => {
    const failure = await failureOf(store().resolve(reference));
    expect(failure).toMatchObject({ code: 'secret-unavailable', where: position });
    expect(failure.message).toMatch(message);
    expect(failure.hint).toBeTruthy();
  });

  it.each(['', '\n', '  \n'])(
    'as a file holding %j is an error, for an empty secret is never meant',
    async (text) => {
      const failure = await failureOf(
        store().resolve({ kind: 'file', path: await writeSecret(text), position }),
      );
      expect(failure.message).toMatch(/is empty$/);
    },
  );

  it('as a file that is no text is an error', async () => {
    const path = await writeSecret(Uint8Array.of(0xff, 0xfe, 0x00));
    expect((await failureOf(store().resolve({ kind: 'file', path, position }))).message).toMatch(/not UTF-8/);
  });

  it('cannot be a credential outside its folder', async () => {
    const environment = { CREDENTIALS_DIRECTORY: folder };
    const reference: SecretReference = { kind: 'credential', name: '../etc/passwd', position };
    expect((await failureOf(store({ environment }).resolve(reference))).message).toMatch(/no file name/);
  });

  it('shows what the command said with the secret that it had printed masked', async () => {
    const failure = await failureOf(
      store().resolve(command('echo hunter22; echo "bad: hunter22, token expired" >&2; exit 1')),
    );
    expect(failure.hint).toBe('It said: bad: ***, token expired');
  });

  it('shows what the command said with secrets known before masked', async () => {
    redactor.teach('other-secret');
    const failure = await failureOf(store().resolve(command('echo "other-secret denied" >&2; exit 1')));
    expect(failure.hint).toBe('It said: *** denied');
  });

  it('is given up at the time limit, with all that the command started', async () => {
    const pidFile = join(folder, 'pid');
    const text = `sleep 600 & echo $! > ${pidFile}; wait`;
    const failure = await failureOf(store({ commandTimeoutMs: 200 }).resolve(command(text)));
    expect(failure.message).toMatch(/gave nothing within 0.2 s$/);
    const pid = Number(await readFile(pidFile, 'utf8'));
    await expect.poll(() => isRunning(pid)).toBe(false);
  });

  it('is given up when the run is cancelled', async () => {
    const cancel = new AbortController();
    const pending = failureOf(store({ signal: cancel.signal }).resolve(command('sleep 30')));
    cancel.abort();
    expect((await pending).message).toMatch(/was interrupted$/);
  });

  it('is tried again when it is next asked for', async () => {
    const flag = join(folder, 'unlocked');
    const secrets = store();
    const text = `test -e ${flag} && echo hunter22`;
    await failureOf(secrets.resolve(command(text)));
    await writeFile(flag, '');
    expect((await secrets.resolve(command(text))).reveal()).toBe('hunter22');
  });
});
