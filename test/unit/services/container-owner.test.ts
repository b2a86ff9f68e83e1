import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { hasEnded, nameOwner } from '../../services/container-owner.ts';

test('a container whose test run runs is wanted', () => {
  const owner = nameOwner(process.pid);
  expect(owner?.split(' ')[2]).toBe(String(process.pid));
  expect(hasEnded(owner ?? '')).toBe(false);
});

test('one whose test run was killed is not', async () => {
  const child = spawn('sleep', ['600']);
  const owner = nameOwner(child.pid ?? 0);
  if (owner === undefined) throw new Error('the process was to run');
  expect(hasEnded(owner)).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(hasEnded(owner)).toBe(true);
  expect(nameOwner(child.pid ?? 0)).toBeUndefined();
});

test.runIf(process.platform === 'linux')('nor one whose number another process has by now', () => {
  const [host, namespace, pid, start] = nameOwner(process.pid)?.split(' ') ?? [];
  expect(hasEnded([host, namespace, pid, String(Number(start) - 1)].join(' '))).toBe(true);
});

test.each([
  ['of another host', 0],
  ['of another namespace, where this host sees no process', 1],
])('nobody else’s is touched: %s', (_what, part) => {
  const owner = nameOwner(process.pid)?.split(' ') ?? [];
  const other = owner.with(part, 'elsewhere').with(2, '999999999');
  expect(hasEnded(other.join(' '))).toBe(false);
});

test.each(['', 'somebody'])('nor what has no such label: %j', (label) => {
  expect(hasEnded(label)).toBe(false);
});
