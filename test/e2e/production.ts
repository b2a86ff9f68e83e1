import { createDatabase, dropDatabase, type TestDatabase } from '../services/database.ts';
import type { Services } from '../services/services.ts';
import { createWorkspace, postgresYaml, type Workspace } from './workspace.ts';

/** What `plans/environments.yaml` says of `prod`, as YAML, beside its database. */
export interface ProductionYaml {
  /** Keys of its endpoint that differ. */
  readonly postgres?: Readonly<Record<string, string>>;
  /** A folder of the workspace unless said. */
  readonly repository?: string;
  /** More lines of `prod`, each indented by four. */
  readonly more?: string;
  /** Environments beside it, each indented by two. */
  readonly others?: string;
}

/** A workspace whose environment `prod` works on a database of its own; its secrets are `secretVariables`. */
export interface Production {
  readonly workspace: Workspace;
  readonly database: TestDatabase;
  /** Declares `prod` anew. */
  declare(yaml?: ProductionYaml): Promise<void>;
  /** Removes both. */
  remove(): Promise<void>;
}

/** Makes it, with what the SQL puts into the database. */
export async function createProduction(
  services: Services,
  sql: string,
  yaml: ProductionYaml = {},
): Promise<Production> {
  const workspace = await createWorkspace();
  const database = await createDatabase(services);
  await database.query(sql);
  const declare = (changes: ProductionYaml = {}): Promise<void> => {
    const {
      postgres,
      repository = `{ folder: ${workspace.repositoryFolder} }`,
      more = '',
      others = '',
    } = changes;
    return workspace.write(
      'plans/environments.yaml',
      `environments:
  prod:
    postgres: ${postgresYaml(services, database.name, postgres)}
    repository: ${repository}
${more}${others}`,
    );
  };
  await declare(yaml);
  return {
    workspace,
    database,
    declare,
    remove: async () => {
      await dropDatabase(services, database);
      await workspace.remove();
    },
  };
}
