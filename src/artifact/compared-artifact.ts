import { defined } from '../base/defined.ts';
import type { Environment } from '../language/environment/environment.ts';
import { Failure } from '../base/failure.ts';
import type { Repository } from '../store/repository.ts';
import type { TaskContext } from '../task/contract.ts';
import { findArtifact, parseChoice, passedOver } from './choice.ts';
import { listArtifacts, readManifest, type StoredManifest } from './store.ts';

/** Which artifact a restored database is held against, where a step says more than that. */
export interface ComparedChoice {
  /** Environment whose repository holds it. */
  readonly from?: string;
  /** `latest`, a name, or a time. */
  readonly artifact?: string;
}

interface Place {
  readonly repository: Repository;
  /** The environment whose repository it is. */
  readonly from: Environment;
}

/** The manifest, and where the artifact's other files lie. */
export type ComparedArtifact = StoredManifest & Place;

type Lent = Pick<
  TaskContext,
  'environment' | 'restored' | 'repository' | 'environmentNamed' | 'report' | 'signal'
>;

/**
 * The manifest of what an earlier step of the run restored, or of what the step names.
 * @throws Failure `environment-incomplete` when neither is there, `check-failed` when a file of another tool was
 * restored, which has no manifest, and what reading the repository throws
 */
export async function findComparedManifest(lent: Lent, choice: ComparedChoice): Promise<ComparedArtifact> {
  const { environment, restored, report, signal } = lent;
  const made = restored?.artifact;
  report.phase('reading the manifest');
  const read = async (place: Place, name: string): Promise<ComparedArtifact> => ({
    ...(await readManifest(place.repository, name, signal)),
    ...place,
  });
  if (choice.artifact === undefined && made !== undefined) {
    if (choice.from === undefined || choice.from === made.environment)
      return read(await open(lent, made.environment), made.name);
  }
  if (choice.artifact === undefined && choice.from === undefined) {
    if (restored === undefined) throw nothingRestored(environment.name);
    throw new Failure('check-failed', 'there is nothing to compare with: what was restored has no manifest', {
      hint: "Only an artifact has one. Assert what the database holds with sql-check, or name an artifact: 'artifact: latest'.",
    });
  }
  const from = choice.from ?? made?.environment ?? environment.name;
  const place = await open(lent, from);
  const named = parseChoice(choice.artifact ?? 'latest');
  if (named.kind === 'name') return read(place, named.name);
  const database = databaseOf(lent, from);
  const artifacts = await listArtifacts(place.repository, { signal });
  const scope = { environment: from, ...defined({ database }) };
  const found = findArtifact(artifacts, named, scope);
  const newer = passedOver(found, artifacts, named);
  if (newer !== undefined) report.note(newer);
  return read(place, found.name);
}

/** The source's database; the step's own environment may speak of the restored one by now. */
function databaseOf({ environment, restored, environmentNamed }: Lent, from: string): string | undefined {
  if (from !== environment.name) return environmentNamed(from).postgres?.database;
  return restored === undefined ? environment.postgres?.database : undefined;
}

async function open({ environment, repository, environmentNamed }: Lent, name: string): Promise<Place> {
  if (name === environment.name) return { repository: await repository(), from: environment };
  return { repository: await repository(name), from: environmentNamed(name) };
}

function nothingRestored(environment: string): Failure {
  return new Failure(
    'environment-incomplete',
    `no earlier step of this run has restored anything into ${environment}`,
    {
      hint: "Put the step after one that restores, or say what to compare with: 'with: { from: prod, artifact: latest }'.",
    },
  );
}
