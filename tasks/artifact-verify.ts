import { join } from 'node:path';
import type { Artifact } from '../src/artifact/artifact.ts';
import { findArtifact, parseChoice, passedOver } from '../src/artifact/choice.ts';
import { decryptionStage } from '../src/artifact/encryption.ts';
import { markVerified, unmarkVerified } from '../src/artifact/marking.ts';
import { listArtifacts, readManifest, type StoredManifest } from '../src/artifact/store.ts';
import { verifyArtifact, type VerificationEvidence } from '../src/artifact/verification.ts';
import type { Environment } from '../src/language/environment/environment.ts';
import { Failure } from '../src/base/failure.ts';
import { choosePgRestore } from '../src/postgres/client-tools.ts';
import type { Stage } from '../src/process/commands.ts';
import type { Repository } from '../src/store/repository.ts';
import type { ArtifactVerifyParameters } from '../src/language/generated/artifact-verify.types.ts';
import type { Task, TaskContext, TaskResult } from '../src/task/contract.ts';
import parametersSchema from '../schemas/tasks/artifact-verify.schema.json' with { type: 'json' };

const task: Task<ArtifactVerifyParameters> = {
  name: 'artifact-verify',
  description: 'Reads artifacts back from the repository and marks those that are intact as verified',
  needs: ['repository'],
  writes: [],
  role: 'verify',
  outputs: ['artifact'],
  parameters: parametersSchema,
  describe,
  run,
};
export default task;

function describe(
  { artifact, depth }: ArtifactVerifyParameters,
  environment: Environment,
): readonly string[] {
  const decrypts = environment.repository?.encrypt?.identity !== undefined;
  const decode = [...(decrypts ? ['age --decrypt'] : []), 'zstd -d', 'pg_restore --list'].join(' | ');
  const which = artifact ?? "this run's artifacts, otherwise the latest";
  return depth === 'head'
    ? [`compare the sizes of ${which} with the manifest`, `repository | ${decode}`]
    : [`read ${which} back: repository | sha256 and ${decode}`, 'mark it verified'];
}

async function run(context: TaskContext, parameters: ArtifactVerifyParameters): Promise<TaskResult> {
  const repository = await context.repository();
  context.report.phase('listing artifacts');
  const artifacts = await listArtifacts(repository, { signal: context.signal });
  const chosen = chooseArtifacts(artifacts, parameters.artifact, context);
  const verified: Readonly<Record<string, unknown>>[] = [];
  let bytes = 0;
  for (const artifact of chosen) {
    const facts = await verifyOne(context, repository, artifact, parameters.depth);
    bytes += facts.bytes;
    verified.push({ artifact: artifact.name, ...facts });
  }
  return { outputs: { artifact: chosen[0].name }, bytes, facts: { verified } };
}

/** Every artifact that this run made in the step's environment, otherwise the latest of its database, damaged or not. */
function chooseArtifacts(
  artifacts: readonly Artifact[],
  choice: string | undefined,
  context: TaskContext,
): readonly [Artifact, ...Artifact[]] {
  const { name: environment, postgres } = context.environment;
  const scope = { environment, ...(postgres !== undefined && { database: postgres.database }) };
  const [first, ...rest] =
    choice === undefined
      ? artifacts.filter((artifact) => isOfRun(artifact, context) && artifact.environment === environment)
      : [];
  if (first !== undefined) return [first, ...rest];
  const named = parseChoice(choice ?? 'latest');
  const found = findArtifact(artifacts, named, scope, { damaged: true });
  const newer = passedOver(found, artifacts, named);
  if (newer !== undefined) context.report.note(newer);
  return [found];
}

function isOfRun(artifact: Artifact, { run: { id } }: TaskContext): boolean {
  return artifact.facts?.runId === id;
}

async function verifyOne(
  context: TaskContext,
  repository: Repository,
  artifact: Artifact,
  asked: 'head' | 'full' | undefined,
): Promise<VerificationEvidence & { readonly marked: boolean }> {
  const depth = asked ?? (artifact.state === 'verified' ? 'head' : 'full');
  if (depth === 'head' && isOfRun(artifact, context)) {
    throw new Failure('check-failed', `${artifact.name} was made by this run and is to be read back whole`, {
      hint: "Remove 'depth: head' from the step: a run is green only when every byte was read back.",
    });
  }
  const stored = await readManifest(repository, artifact.name, context.signal);
  context.report.phase(`reading ${artifact.name} back`);
  const evidence = await verifyAgainst(context, repository, stored, depth);
  if (evidence.contents === 'unreadable-here') {
    context.report.note(
      `${artifact.name} is encrypted and no identity is configured: its bytes were checked, not its contents`,
    );
  }
  if (depth === 'head') {
    if (artifact.state !== 'verified')
      context.report.warn(`${artifact.name} stays unverified: only its head was read`);
    return { ...evidence, marked: artifact.state === 'verified' };
  }
  await markVerified(repository, artifact, stored, {
    verifiedAt: context.clock.now(),
    runId: context.run.id,
    contents: evidence.contents,
    signal: context.signal,
  });
  return { ...evidence, marked: true };
}

/** An artifact that turns out damaged loses its mark, so that nothing counts on it any more. */
async function verifyAgainst(
  context: TaskContext,
  repository: Repository,
  { manifest }: StoredManifest,
  depth: 'head' | 'full',
): Promise<VerificationEvidence> {
  const pgRestore = await choosePgRestore(context.commands, dumpMajor(manifest));
  try {
    return await verifyArtifact(manifest, depth, {
      repository,
      commands: context.commands,
      pgRestore,
      decryption: manifest.dump.recipients.length === 0 ? undefined : await decryptionOf(context),
      folder: join(context.folder, manifest.name),
      signal: context.signal,
      onProgress: (bytes, totalBytes) => {
        context.report.progress(bytes, totalBytes);
      },
    });
  } catch (error) {
    if (error instanceof Failure && error.code === 'artifact-damaged') {
      const fault = await unmarkVerified(repository, manifest.name, context.signal);
      if (fault !== undefined)
        context.report.warn(`${manifest.name} is damaged and still marked verified: ${fault.message}`);
    }
    throw error;
  }
}

async function decryptionOf(context: TaskContext): Promise<Stage | undefined> {
  const identity = context.environment.repository?.encrypt?.identity;
  return identity === undefined ? undefined : decryptionStage(identity, context);
}

/** The major of the pg_dump that wrote it, which pg_restore must not be older than; the server's where it is not told. */
function dumpMajor({ tools, server }: StoredManifest['manifest']): number {
  const major = Number.parseInt(tools['pg_dump'] ?? '', 10);
  return Number.isNaN(major) ? server.major : major;
}
