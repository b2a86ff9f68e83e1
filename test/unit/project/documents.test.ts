import { expect, test } from 'vitest';
import { sourceFiles } from './source-files.ts';

/** JSON that is no stored document of ours: where it comes from. */
const otherJson: Readonly<Record<string, string>> = {
  'src/base/json.ts': 'the door itself',
  'src/task/built-in-tasks.ts': 'a part of the build',
  'src/bucket/policy-statements.ts': "a bucket's policy, as the store answers",
  'src/uploads/cdn/call.ts': 'an answer of a CDN',
  'src/uploads/cdn/wanted.ts': "a list that the operator's task was given",
  'src/uploads/change-report.ts': 'a list that the same step has just written',
  'src/uploads/sync/spool.ts': 'a list that the same step has just written',
  'src/uploads/sync/name-sorter.ts': 'a list that the same step has just written',
  'src/restore/unfinished-restore.ts': 'a comment of a database',
  'src/postgres/program.ts': 'an answer of the server',
  'src/check/watch/written-expiry.ts': 'a token',
  'src/check/http/answer-check.ts': 'an answer of a service',
  'src/tell/evidence/keeper.ts': 'a value of our own, copied',
};

/** Who writes files in other ways: what for. */
const otherWriters: Readonly<Record<string, string>> = {
  'src/base/files.ts': 'the door itself',
  'src/store/folder-write.ts': 'objects of any size, never over another',
  'src/run/lock/host-lock.ts': 'the lock is the file itself, which another in its place would undo',
  'src/run/record/interrupted.ts': 'a line at the end of a journal',
  'src/uploads/change-journal.ts': 'a report of any size in the place of its journal',
  'src/uploads/unfinished-changes.ts': 'an empty mark',
  'src/bucket/capability/ground-notes.ts': 'an empty mark',
  'src/check/doctor/host-looks.ts': 'a file that is removed at once',
  'src/postgres/cluster.ts': 'a password of a cluster that ends with the run',
  'src/postgres/program.ts': 'a password that ends with the program',
  'src/artifact/encryption.ts': 'a key that ends with the program',
  'src/restore/early-indexes.ts': 'a list for pg_restore',
  'src/restore/resume.ts': 'a list for pg_restore',
  'src/restore/load-stream.ts': 'a list for pg_restore',
  'src/restore/try-again.ts': 'a list for pg_restore, and the beginning of a dump',
  'src/restore/table-feed.ts': 'names of pipes',
  'src/demo/workspace.ts': 'the folder of a demo',
  'src/demo/story.ts': 'the folder of a demo',
};

async function filesWith(pattern: RegExp): Promise<readonly string[]> {
  const files = await sourceFiles('src', 'tasks');
  return [...files].filter(([, text]) => pattern.test(text)).map(([file]) => file);
}

test('stored documents are parsed by their door alone', async () => {
  expect(await filesWith(/\bJSON\.parse\(/)).toEqual(Object.keys(otherJson).sort());
});

test('files are written whole by their door alone', async () => {
  const written =
    /\b(?:await|void|return|=>)\s+(?:promises\.)?(?:rename|writeFile|appendFile)\(|\b(?:renameSync|writeFileSync)\(/;
  expect(await filesWith(written)).toEqual(Object.keys(otherWriters).sort());
});

test('whole files are not read beside the door where others may have written them', async () => {
  const rooms = /^src\/(?:run|tell|bucket|artifact|uploads)\//;
  const readers = (await filesWith(/(?<!\.)\breadFile(?:Sync)?\(|\bbuffer\(await /)).filter((file) =>
    rooms.test(file),
  );
  // A certificate that the operator's environment names.
  expect(readers).toEqual(['src/tell/alert/send-email.ts']);
});
