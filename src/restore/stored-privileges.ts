import { decryptionStage } from '../artifact/encryption.ts';
import type { Manifest } from '../artifact/manifest.ts';
import { asDamage } from '../artifact/read-back.ts';
import { chunksOf } from '../base/body.ts';
import { Failure } from '../base/failure.ts';
import type { Environment } from '../language/environment/environment.ts';
import { rolesNamed, type KeptPrivileges } from '../postgres/kept-privileges.ts';
import type { Repository } from '../store/repository.ts';
import type { TaskContext } from '../task/contract.ts';
import { ownFailure, verifiedSource } from './verified-source.ts';

/** Far more than those of a hundred thousand objects take: the text is held in memory, and is looked at whole before any of it is run. */
const bytesLimit = 256 * 1024 * 1024;

/**
 * The owners and privileges beside an artifact's dump, verified by their checksum and understood to the last statement;
 * undefined where it has none.
 * @throws Failure `artifact-damaged`; `dump-unusable` with file and line for what no dump of ours writes
 */
export async function readStoredPrivileges(
  source: { readonly manifest: Manifest; readonly repository: Repository; readonly from: Environment },
  context: Pick<TaskContext, 'secrets' | 'folder' | 'commands' | 'signal'>,
): Promise<KeptPrivileges | undefined> {
  const { manifest, repository, from } = source;
  const file = manifest.files.find(({ role }) => role === 'privileges');
  if (file === undefined) return undefined;
  const stream = verifiedSource(repository, file, { signal: context.signal });
  const identity = manifest.dump.recipients.length === 0 ? undefined : from.repository?.encrypt?.identity;
  if (identity === undefined) return understood(file.key, await textOf(stream, file.key, context.signal));
  const pipe = context.commands.pipe([await decryptionStage(identity, context)], { input: stream });
  try {
    const text = await textOf(pipe.output, file.key, context.signal);
    await pipe.done;
    return understood(file.key, text);
  } catch (error) {
    context.signal.throwIfAborted();
    throw (
      ownFailure(stream) ??
      (error instanceof Failure && error.code === 'dump-unusable' ? error : asDamage(file, error))
    );
  } finally {
    await pipe.kill();
  }
}

function understood(where: string, text: string): KeptPrivileges {
  const privileges = { where, text };
  // Reads every statement.
  rolesNamed(privileges);
  return privileges;
}

async function textOf(
  stream: Parameters<typeof chunksOf>[0],
  where: string,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunksOf(stream, signal)) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > bytesLimit) throw new Failure('dump-unusable', `${where} has more than 256 MiB`, { where });
  }
  return Buffer.concat(chunks).toString('latin1');
}
