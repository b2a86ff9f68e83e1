import { decryptionStage } from '../artifact/encryption.ts';
import { asDamage } from '../artifact/read-back.ts';
import { Failure } from '../base/failure.ts';
import type { ClientTools } from '../postgres/client-tools.ts';
import { psqlStage } from '../postgres/restore-command.ts';
import { createRestoreMessages } from '../postgres/restore-messages.ts';
import { failureOfRestore } from '../postgres/restore-failure.ts';
import type { Variables } from '../postgres/program.ts';
import type { TaskContext } from '../task/contract.ts';
import type { RestoreSource } from './source.ts';
import { ownFailure, verifiedSource } from './verified-source.ts';

/**
 * Creates the roles and tablespaces that an artifact holds, without passwords; those that exist stay as they are.
 * @throws Failure `artifact-missing` when it holds none, `restore-failed`
 */
export async function restoreRoles(
  context: TaskContext,
  source: RestoreSource,
  tools: ClientTools,
  environment: Variables,
): Promise<void> {
  const file =
    source.kind === 'artifact' ? source.manifest.files.find(({ role }) => role === 'globals') : undefined;
  if (source.kind !== 'artifact' || file === undefined) {
    throw new Failure('artifact-missing', 'the dump has no roles beside it', {
      hint: "Dump with 'globals: true', or leave out 'roles: true' and create them by hand.",
    });
  }
  context.report.phase('creating roles');
  const identity = source.from.repository?.encrypt?.identity;
  const decrypt =
    source.manifest.dump.recipients.length === 0 || identity === undefined
      ? []
      : [await decryptionStage(identity, context)];
  const messages = createRestoreMessages();
  const input = verifiedSource(source.repository, file, { signal: context.signal });
  const pipe = context.commands.pipe([...decrypt, psqlStage({ tools, environment }, [], messages.add)], {
    input,
  });
  pipe.output.on('error', () => undefined).resume();
  try {
    await pipe.done;
  } catch (error) {
    context.signal.throwIfAborted();
    messages.end();
    if (messages.harmful.length === 0) throw ownFailure(input) ?? asDamage(file, error);
  }
  messages.end();
  if (messages.harmful.length > 0) throw failureOfRestore(messages.harmful, 'the roles of the server');
  context.report.note(`roles: ${messages.harmless.length} were there already`);
}
