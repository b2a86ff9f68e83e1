/**
 * Shows the recorded run in a view of this process's own stdout: `node replay.ts <view> <marker file>`. Half way it gets
 * the signals that an engine would answer by cancelling; the marker file tells how many of them it was given.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { ViewKind } from '../../../src/run/view/choose.ts';
import { openTerminal, standardStreams } from '../../../src/base/terminal/terminal.ts';
import { openView } from '../../../src/run/view/view.ts';
import { recordedRun } from '../../unit/run/view/recorded-run.ts';

const [, , kind, marker = ''] = process.argv;
const view = await openView(kind as ViewKind, {
  terminal: openTerminal({ ...standardStreams(), environment: process.env, redact: (text) => text }),
  record: ({ plan }) => `runs/${plan}.jsonl`,
});
let signals = 0;
const count = (): void => {
  signals += 1;
};
process.on('SIGINT', count).on('SIGTERM', count);
for (const [index, event] of recordedRun.entries()) {
  view.handle(event);
  if (index === 12) process.kill(process.pid, 'SIGINT');
  if (index === 14) process.kill(process.pid, 'SIGTERM');
  // As a run would: time for the screen to be drawn between events.
  await pause(15);
}
await view.close();
await writeFile(marker, `${String(signals)} signals`);
