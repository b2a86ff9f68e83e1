import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fillProduction, installApplication, type Application } from '../fixtures/application.ts';
import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import { onSecondPostgres } from '../services/second-postgres.ts';
import type { PostgresService, Services } from '../services/services.ts';
import { createWorkspace, nightlyPlan, postgresYaml, secretVariables, type Workspace } from './workspace.ts';

/** How much production holds. */
const bookings = 200;

export interface DrillOptions {
  /** Where drills restore to: started by the test file, see test/services/second-postgres.ts. */
  readonly second: PostgresService;
}

/** The cleaning company as a drill finds it: production in use, a staging server, the plans `nightly-prod` and `drill-staging`. */
export interface Drill {
  readonly workspace: Workspace;
  /** For `workspace.run` and `start`: the secrets of both servers and of the store, and PATH with alembic and pytest. */
  readonly variables: Readonly<Record<string, string>>;
  readonly application: Application;
  /** Production, on the services' own server, at the revision before the newest. */
  readonly production: TestDatabase;
  /** Staging's own database on the second server, empty: what a drill must leave alone. */
  readonly staging: TestDatabase;
  /** What the plans' http-check asks; answers 200 `{"status":"up"}` until a test says otherwise. */
  readonly health: Health;
  /** Names of the databases on the second server that drills have made and not dropped. */
  leftovers(): Promise<readonly string[]>;
  /** Removes both databases, what drills left and the workspace, and stops the health server. */
  remove(): Promise<void>;
}

export interface Health {
  readonly url: string;
  /** Requests that were answered. */
  readonly asked: () => number;
  answer(status: number, body: string): void;
  stop(): Promise<void>;
}

/**
 * Makes a workspace with the environments `prod` (protected, the services' server), `staging` (the second server) and
 * `scratch` (throw-away clusters), and both plans.
 */
export async function createDrill(services: Services, { second: postgres }: DrillOptions): Promise<Drill> {
  const second = onSecondPostgres(services, postgres);
  const workspace = await createWorkspace();
  const application = await installApplication(workspace.folder);
  const production = await createDatabase(services);
  const staging = await createDatabase(second);
  const health = await startHealth();
  await fillProduction(application, libpqUrl(services.postgres, production.name), bookings);

  await workspace.write(
    'plans/environments.yaml',
    `environments:
  prod:
    protected: true
    postgres: ${postgresYaml(services, production.name)}
    repository: { folder: ${JSON.stringify(workspace.repositoryFolder)} }
  staging:
    postgres: ${postgresYaml(second, staging.name, { password: '{ env: STAGING_PASSWORD }' })}
  scratch:
    postgres: { ephemeral: true }
`,
  );
  await workspace.write('plans/nightly-prod.yaml', nightlyPlan);
  await workspace.write('plans/drill-staging.yaml', drillPlan(application, health));

  const leftovers = async (): Promise<readonly string[]> => {
    const rows = await staging.query<{ name: string }>(
      `select datname as name from pg_database where datname like 'scratch%' order by 1`,
    );
    return rows.map(({ name }) => name);
  };
  return {
    workspace,
    application,
    production,
    staging,
    health,
    variables: {
      ...secretVariables(services),
      STAGING_PASSWORD: postgres.password,
      PATH: application.path,
      // Nothing that a test runs may lie beside the sources of the application afterwards.
      PYTHONDONTWRITEBYTECODE: '1',
    },
    leftovers,
    remove: async () => {
      await health.stop();
      for (const name of await leftovers()) await dropDatabase(second, { ...staging, name });
      await dropDatabase(second, staging);
      await dropDatabase(services, production);
      await workspace.remove();
    },
  };
}

/**
 * The quarterly drill: into staging unless another environment is named. `changes` replace lines of it, each of which it
 * must hold: a test whose change changes nothing would prove nothing.
 */
export function drillPlan(
  application: Application,
  health: Health,
  changes: Readonly<Record<string, string>> = {},
): string {
  const plan = `description: Quarterly restore drill
environment: staging
schedule: [{ calendar: quarterly }]
objectives: { rto: 4h }
parameters:
  artifact: { default: latest, description: "latest, an artifact's name, or a time: the newest one before it" }
prepare:
  - task: postgres-dump
    environment: prod
steps:
  - task: postgres-restore
    with: { from: prod, artifact: "\${parameters.artifact}", database: "\${run.scratch}", jobs: 4 }
  - id: migrate
    run: alembic upgrade head
    cwd: ${JSON.stringify(application.folder)}
    timeout: 20m
  - id: smoke
    run: pytest -q --junitxml=report.xml
    cwd: ${JSON.stringify(application.folder)}
    junit: report.xml
  - task: restore-compare
  - task: sql-check
    with:
      checks:
        - name: every booking has a customer
          sql: select count(*) = 0 from bookings b left join customers c on c.id = b.customer_id where c.id is null
        - name: every invoice has a due date
          sql: select count(*) = 0 from invoices where due_on is null
  - task: http-check
    with: { url: ${JSON.stringify(health.url)}, status: 200 }
  - confirm: Create a booking, view an invoice, resend a webhook
cleanup:
  - task: postgres-drop
`;
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the drill's plan has no '${from}'`);
    return text.replace(from, () => to);
  }, plan);
}

/** Variables for the application's programs by hand, without run-plan. */
export function libpqUrl(server: PostgresService, database: string): Readonly<Record<string, string>> {
  const { host, port, user, password } = server;
  const authority = `${encodeURIComponent(user)}@${host}:${String(port)}`;
  return {
    DATABASE_URL: `postgresql://${authority}/${encodeURIComponent(database)}?sslmode=disable`,
    PGPASSWORD: password,
  };
}

async function startHealth(): Promise<Health> {
  let answer = { status: 200, body: '{"status":"up"}' };
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}/health`,
    asked: () => asked,
    answer: (status, body) => {
      answer = { status, body };
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
