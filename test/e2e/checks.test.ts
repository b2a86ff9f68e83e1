import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import { createDatabase, dropDatabase } from '../services/database.ts';
import { createWorkspace, postgresYaml, secretVariables, type Workspace } from './workspace.ts';

const services = inject('services');
const secret = 'Bearer s3cr3t-of-the-test';
let workspace: Workspace;

beforeEach(async () => {
  workspace = await createWorkspace();
});

afterEach(() => workspace.remove());

test('a plan of checks leaves every one of them in its record, and no secret', async () => {
  const database = await createDatabase(services);
  onTestFinished(() => dropDatabase(services, database));
  await database.query('create table bookings as select 9007199254740993::int8 as id');
  const server = createServer(({ headers }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ told: headers.authorization }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/health`;
  await workspace.write(
    'plans/environments.yaml',
    `environments:
  staging:
    postgres: ${postgresYaml(services, database.name)}
    repository: { folder: ${JSON.stringify(workspace.repositoryFolder)} }
`,
  );
  await workspace.write(
    'plans/checks.yaml',
    `environment: staging
timeout: 5m
parameters: { least: { default: "1" }, id: { default: "9007199254740993" } }
steps:
  - task: sql-check
    with:
      checks:
        - { name: there are bookings, sql: select count(*) from bookings, expect: { min: "\${parameters.least}" } }
        - { name: the first booking, sql: select id from bookings, expect: "\${parameters.id}" }
  - task: http-check
    continue-on-failure: true
    with:
      url: ${url}
      authorization: { env: HEALTH_AUTHORIZATION }
      json: [{ path: $.told, equals: nothing }]
`,
  );
  const validated = await workspace.run(['validate']);
  expect(validated.text).not.toContain('error');
  const variables = { ...secretVariables(services), HEALTH_AUTHORIZATION: secret };
  const told = await workspace.run(['checks'], variables);
  expect(told.code).toBe(21);
  const [record] = await workspace.records('checks');
  expect(record?.steps.map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed']);
  expect(record?.steps[0]?.facts?.['checks']).toMatchObject([
    { name: 'there are bookings', state: 'passed', expected: 'at least 1', found: '1' },
    { name: 'the first booking', state: 'passed', found: '9007199254740993' },
  ]);
  expect(record?.steps[1]?.facts?.['checks']).toMatchObject([
    { name: 'status', state: 'passed' },
    { name: 'json $.told', state: 'failed', found: '"***"' },
  ]);
  const texts = [told.text, JSON.stringify(record), JSON.stringify(await workspace.journals('checks'))];
  expect(texts.filter((text) => text.includes(secret))).toEqual([]);
});

test('mistakes in the parameters of checks are problems of the plan', async () => {
  await workspace.write(
    'plans/environments.yaml',
    `environments: { staging: { postgres: ${postgresYaml(services, 'x')}, repository: { folder: /b } } }\n`,
  );
  await workspace.write(
    'plans/wrong.yaml',
    `environment: staging
timeout: 5m
steps:
  - task: sql-check
    with: { checks: [{ name: big, sql: select 1, expect: 9007199254740993 }, { name: x, sql: select 1, expects: 1 }] }
  - task: http-check
    with: { url: "http://127.0.0.1/", body: x, authorization: Bearer abc, max-latency: 800ms }
  - task: http-check
    with: { url: "http://127.0.0.1/", headers: { Authorization: { env: TOKEN } } }
  - task: restore-compare
    with: { ignore: [bookings], from: nowhere }
`,
  );
  const told = await workspace.run(['validate'], { TOKEN: 'abc' });
  expect(told.code).toBe(10);
  const problems = [...told.text.matchAll(/^plans\/wrong\.yaml:(\d+):\d+ (.*)$/gm)];
  expect(problems.map(([, line, message]) => `${line ?? ''}: ${message ?? ''}`)).toEqual([
    "5: 'expect' must be at most 9007199254740991",
    "5: unknown key 'expects', did you mean 'expect'?",
    "7: missing key 'method' in 'with'",
    "7: 'authorization' holds a secret written in clear",
    "7: unknown key 'max-latency', did you mean 'max-latency-ms'?",
    "9: 'Authorization' is no name",
    "11: 'bookings' is not of the right form",
    "11: unknown environment 'nowhere'",
  ]);
  expect(told.text).not.toContain('Bearer abc');
});
