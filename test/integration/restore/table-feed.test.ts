import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { Failure } from '../../../src/base/failure.ts';
import { feedTable } from '../../../src/restore/table-feed.ts';
import { memoryRepository } from '../../fixtures/memory-repository.ts';
import { startAttempt } from '../process/attempt.ts';

test('a table that breaks off says so, also when its reader has complained and ended the feed before that is known', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'table-feed-'));
  const { commands } = startAttempt();
  const reader = new AbortController();
  // Damage is known with the last byte; the reader's complaint comes while the feed's programs are being ended.
  const body = Readable.from([Buffer.from('1\n'), Buffer.from('2\n')]).once('end', () => {
    setImmediate(() => {
      reader.abort(new Failure('restore-failed', 'COPY ended early'));
    });
  });
  const repository = { ...memoryRepository(), get: () => Promise.resolve(body) };
  const file = { key: 'pg_x.dump.d/1.dat', role: 'table' as const, bytes: 4, sha256: '0'.repeat(64) };
  try {
    await expect(
      feedTable(
        { file, path: join(folder, 'rows') },
        { commands, repository, unpack: [], signal: reader.signal, onBytes: () => undefined },
      ),
    ).rejects.toMatchObject({ code: 'artifact-damaged' });
    expect(reader.signal.aborted).toBe(true);
  } finally {
    await rm(folder, { recursive: true });
  }
});
