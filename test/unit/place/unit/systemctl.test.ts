import { expect, test } from 'vitest';
import { createSystemctl, parseStates } from '../../../../src/place/unit/systemctl.ts';

test('what systemctl shows is read, times in UTC', () => {
  const text = [
    'Id=run-plan@nightly.timer\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nNeedDaemonReload=no\nResult=success',
    'NextElapseUSecRealtime=Wed 2026-11-25 02:00:41 UTC\nLastTriggerUSec=n/a\n',
    'Id=run-plan@nightly.service\nLoadState=loaded\nActiveState=failed\nUnitFileState=static\nNeedDaemonReload=yes\nResult=exit-code',
    'ExecMainStatus=20\nExecMainStartTimestamp=Tue 2026-11-24 02:00:41 UTC\nExecMainExitTimestamp=Tue 2026-11-24 02:03:00 UTC\n',
  ].join('\n');
  const [timer, service] = parseStates(text);
  expect(timer).toMatchObject({
    active: 'active',
    nextElapseAt: new Date('2026-11-25T02:00:41Z'),
    lastTriggerAt: null,
    exitStatus: null,
  });
  expect(service).toMatchObject({
    needsReload: true,
    result: 'exit-code',
    exitStatus: 20,
    endedAt: new Date('2026-11-24T02:03:00Z'),
  });
});

test('a host without systemctl is told apart', async () => {
  const systemctl = createSystemctl({ kind: 'system' }, { PATH: '/nonexistent' });
  expect(await systemctl.states(['run-plan@x.timer'])).toEqual({ absent: 'there is no systemctl here' });
  await expect(systemctl.run(['daemon-reload'])).rejects.toMatchObject({ code: 'command-failed' });
});
