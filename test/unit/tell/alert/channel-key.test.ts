import { expect, test } from 'vitest';
import { channelKey } from '../../../../src/tell/alert/channel-key.ts';
import { channelsIn } from '../../../fixtures/alerts.ts';

test('channels keep their keys from one version to the next: what was told and proven stays so', () => {
  const channels = channelsIn(`
- webhook:
    url: { env: URL }
    template: { a: '{title}' }
    headers: { x-team: ops }
    sign: { secret: { env: KEY } }
    plans: [nightly]
    proof: { run: look, within: 1m }
- email: { to: [ops@cleaning.example], smtp: { host: mail, user: u, password: { env: P } } }
- ping: { url: { env: URL }, start: { env: START } }
- command: { run: page, env: { TOKEN: { env: T } }, events: [failed], timeout: 10s }`);
  expect(channels.map(channelKey)).toEqual([
    'webhook d8a6971cd8c81cd1',
    'email 2a199a50e478e198',
    'ping 1d0f9873ca8dd461',
    'command 37443f19fb626237',
  ]);
});
