import { createHash } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorkspace, type Told, type Variables, type Workspace } from './workspace.ts';

/** Every secret that the files declare, by where it is; none is short enough to be part of something else. */
const secrets = {
  webhook: 'https://hooks.example/webhook-4711-secret',
  smtp: 'smtp-password-4711',
  storeKey: 'AKIDSTORE4711KEY',
  storeSecret: 'store-secret-4711/+x',
  unused: 'unused-environment-4711',
  token: 'token-of-a-variable-4711',
  file: 'token-of-a-file-4711',
  command: 'token-of-a-command-4711',
  credential: 'token-of-a-credential-4711',
};

let workspace: Workspace;
let variables: Variables;

beforeAll(async () => {
  workspace = await createWorkspace();
  variables = {
    OPS_WEBHOOK: secrets.webhook,
    SMTP_PASSWORD: secrets.smtp,
    STORE_KEY: secrets.storeKey,
    STORE_SECRET: secrets.storeSecret,
    UNUSED_PASSWORD: secrets.unused,
    NOTIFY_TOKEN: secrets.token,
    STORE_FOLDER: workspace.folder,
    PASSWORD_STORE_DIR: workspace.folder,
    CREDENTIALS_DIRECTORY: join(workspace.folder, 'credentials'),
    LANG: 'C.UTF-8',
    BASH_ENV: join(workspace.folder, 'startup'),
    LD_PRELOAD: '',
    PGSERVICE: 'elsewhere',
    EDITOR: 'passed-on',
  };
  await workspace.write('startup', 'echo from the startup file\n');
  await workspace.write('token', `${secrets.file}\n`);
  await chmod(join(workspace.folder, 'token'), 0o600);
  await workspace.write('credentials/notify', secrets.credential);
  await workspace.write('stored', secrets.command);
  await workspace.write('leak', `${Object.values(secrets).join('\n')}\n`);
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    repository: { folder: ${JSON.stringify(workspace.repositoryFolder)} }
    alerts:
      - webhook: { url: { env: OPS_WEBHOOK }, plans: [other] }
      - email: { to: [ops@example.test], plans: [other], smtp: { host: 127.0.0.1, user: u, password: { env: SMTP_PASSWORD } } }
  other:
    postgres: { host: 127.0.0.1, database: d, user: u, password: { env: UNUSED_PASSWORD } }
    uploads:
      s3:
        bucket: uploads
        access-key-id: { env: STORE_KEY }
        secret-access-key: { env: STORE_SECRET }
`,
  );
  await workspace.write('plans/other.yaml', 'environment: prod\ntimeout: 1m\nsteps: [{ run: "true" }]\n');
});

afterAll(() => workspace.remove());

/** Runs a plan of one step that runs a script, and gives everything that it left. */
async function runScript(
  script: string,
  env = '{}',
): Promise<{ readonly told: Told; readonly all: string; readonly lines: readonly string[] }> {
  await workspace.write(
    'plans/reveal.yaml',
    `environment: prod\ntimeout: 1m\nsteps:\n  - run: ${JSON.stringify(script)}\n    env: ${env}\n`,
  );
  const told = await workspace.run(['reveal'], variables);
  const journal = (await workspace.journals('reveal')).at(-1) ?? [];
  const record = (await workspace.records('reveal')).at(-1);
  const lines = journal.flatMap((event) => (event['type'] === 'step-output' ? [String(event['line'])] : []));
  return { told, lines, all: told.text + JSON.stringify(journal) + JSON.stringify(record) };
}

function expectNoSecret(all: string): void {
  for (const secret of Object.values(secrets)) expect(all).not.toContain(secret);
}

test('a command sees where it is and who runs it, and no secret that the files declare', async () => {
  const { told, lines, all } = await runScript('env');
  expect(told.code, told.text).toBe(0);
  expectNoSecret(all);
  const names = lines.map((line) => line.slice(0, line.indexOf('=')));
  expect(names).toEqual(expect.arrayContaining(['PATH', 'HOME', 'LANG', 'RUN_PLAN_RUN_ID']));
  expect(lines).not.toContain('from the startup file');
  const kept = ['OPS_WEBHOOK', 'SMTP_PASSWORD', 'STORE_KEY', 'STORE_SECRET', 'NOTIFY_TOKEN', 'EDITOR'];
  const leading = ['BASH_ENV', 'LD_PRELOAD', 'NODE_OPTIONS', 'PGSERVICE', 'CREDENTIALS_DIRECTORY'];
  expect(names.filter((name) => [...kept, ...leading].includes(name))).toEqual([]);
});

test('whoever prints a secret of a variable, it is masked, although nobody has asked for it', async () => {
  await workspace.write(
    'leak',
    [secrets.webhook, secrets.smtp, secrets.storeKey, secrets.storeSecret, secrets.unused].join('\n'),
  );
  const { told, all, lines } = await runScript('cat leak; cat leak >&2; exit 3');
  expect(told.code, told.text).toBe(20);
  expectNoSecret(all);
  expect(lines.filter((line) => line === '***').length).toBe(10);
});

test('a command gets by env what the plan gives it, secrets of every kind included, and shows none of them', async () => {
  const names = ['TOKEN', 'OF_FILE', 'OF_COMMAND', 'OF_CREDENTIAL'];
  const script = `env; for name in ${names.join(' ')}; do printf %s "\${!name}" | sha256sum; done`;
  const { told, lines, all } = await runScript(
    script,
    `
      TOKEN: { env: NOTIFY_TOKEN }
      OF_FILE: { file: ${JSON.stringify(join(workspace.folder, 'token'))} }
      OF_COMMAND: { command: 'cat "$STORE_FOLDER/stored" && test -n "$PASSWORD_STORE_DIR"' }
      OF_CREDENTIAL: { credential: notify }
      EDITOR: { env: EDITOR }
      COUNT: 3
      TEXT: "run \${run.id}"
`,
  );
  expect(told.code, told.text).toBe(0);
  const sums = [secrets.token, secrets.file, secrets.command, secrets.credential].map(
    (secret) => `${createHash('sha256').update(secret).digest('hex')}  -`,
  );
  expect(lines).toEqual(
    expect.arrayContaining([...sums, 'TOKEN=***', 'OF_FILE=***', 'EDITOR=***', 'COUNT=3']),
  );
  expect(lines.find((line) => line.startsWith('TEXT=run reveal-'))).toBeDefined();
  expectNoSecret(all);
});

test('a variable that would lead programs elsewhere, and one that names nothing, are told at their place', async () => {
  await workspace.write(
    'plans/bad.yaml',
    `environment: prod
timeout: 1m
steps:
  - run: "true"
    env:
      PGHOST: elsewhere
      LD_PRELOAD: /evil.so
      RUN_PLAN_RUN_ID: x
      GREETING: "\${parameters.nobody}"
      API_TOKEN: in-clear
  - confirm: Look
    env: { A: b }
`,
  );
  const { text } = await workspace.run(['validate'], variables);
  await workspace.write('plans/bad.yaml', 'environment: prod\ntimeout: 1m\nsteps: [{ run: "true" }]\n');
  for (const place of [
    /bad\.yaml:6:7.*'PGHOST' comes from the step's environment/,
    /bad\.yaml:7:7.*'LD_PRELOAD' makes programs run other code/,
    /bad\.yaml:8:7.*'RUN_PLAN_RUN_ID' is a variable of run-plan's own/,
    /bad\.yaml:9:\d+.*unknown parameter 'nobody'/,
    /bad\.yaml:10:\d+.*holds a secret written in clear/,
    /bad\.yaml:12:5.*starts no command/,
  ])
    expect(text).toMatch(place);
});

test('show and doctor know what env names; a secret that is not there ends the run with its place', async () => {
  await workspace.write(
    'plans/reveal.yaml',
    `environment: prod\ntimeout: 1m\nsteps:\n  - run: "true"\n    env: { TOKEN: { env: NOT_SET_HERE }, STAGE: drill }\n`,
  );
  const shown = await workspace.run(['show', 'reveal'], variables);
  expect(shown.stdout).toContain('env TOKEN: environment variable NOT_SET_HERE');
  expect(shown.stdout).toContain('env STAGE: drill');
  const dry = await workspace.run(['reveal', '--dry-run'], variables);
  expect(dry.stdout).toContain('env TOKEN: environment variable NOT_SET_HERE');
  const doctor = await workspace.run(['doctor', 'reveal'], variables);
  expect(doctor.text).toMatch(/secret run-1\.env\.TOKEN.*NOT_SET_HERE is not set/);
  const told = await workspace.run(['reveal'], variables);
  expect(told.code, told.text).toBe(11);
  expect(told.text).toMatch(/reveal\.yaml:5:\d+/);
});
