import { listStage } from '../postgres/restore-command.ts';
import type { Stage } from '../process/commands.ts';
import { decompressionStage } from './compression.ts';

/**
 * tar's listing to standard output and its toc.dat into the folder, out of one reading. tar leaves at the archive's
 * end mark, and tee goes on to the last byte (`-p`); what comes through a pipe comes in pieces (`--read-full-records`).
 */
const unpackContents = `set -eo pipefail
for tool in mkfifo tee tar; do command -v "$tool" >/dev/null || exit 127; done
mkfifo "$1/rest.fifo"
tar --extract --read-full-records --file="$1/rest.fifo" --directory="$1" --no-anchored toc.dat & extracting=$!
tee -p "$1/rest.fifo" | tar --list --read-full-records --file=-
wait "$extracting"`;

/** How a stored file's bytes become what pg_dump wrote: its key says it. */
export function decodingStages(key: string, decryption: Stage | undefined): readonly Stage[] {
  const encrypted = key.endsWith('.age');
  const compressed = (encrypted ? key.slice(0, -'.age'.length) : key).endsWith('.zst');
  return [
    ...(encrypted && decryption !== undefined ? [decryption] : []),
    ...(compressed ? [decompressionStage] : []),
  ];
}

/** Of a head the last stage reads a part only, and those before it may find their reader gone. */
export function pipeInto(decoding: readonly Stage[], depth: 'head' | 'full', last: Stage): readonly Stage[] {
  if (depth === 'full') return [...decoding, last];
  return [...decoding.map((stage) => ({ ...stage, tolerate: ['SIGPIPE' as const] })), last];
}

/** Takes what a file decodes to, and nothing else. */
export const discardStage: Stage = { program: 'bash', arguments: ['-c', 'exec cat >/dev/null'] };

/**
 * Lists a custom-format dump on standard input. pg_restore stops reading after the table of contents; of a whole one the
 * rest must still flow by, so that all of it is decompressed.
 */
export function passingListStage(depth: 'head' | 'full', pgRestore: string): Stage {
  return { ...listStage(pgRestore), ...(depth === 'full' && { drains: true }) };
}

/** Lists a tar on standard input, and unpacks its toc.dat into a folder. */
export function unpackStage(depth: 'head' | 'full', folder: string): Stage {
  if (depth === 'full') return { program: 'bash', arguments: ['-c', unpackContents, 'tar', folder] };
  return {
    program: 'tar',
    arguments: [
      '--extract',
      '--read-full-records',
      '--file=-',
      `--directory=${folder}`,
      '--occurrence=1',
      '--no-anchored',
      'toc.dat',
    ],
  };
}
