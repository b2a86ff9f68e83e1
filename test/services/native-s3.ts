import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeLoopbackPort } from '../../src/postgres/loopback-port.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { until } from '../fixtures/until.ts';
import type { RunningService } from './running-service.ts';

/** The shell outlives this process by a moment: its standard input ends however this process does, then it cleans up. */
const script = `
trap 'bash "$1/ceph-rgw-down.sh" "$2"' EXIT
bash "$1/ceph-rgw-up.sh" "$2" "$3" </dev/null || exit 1
echo ready
read -r end
exit 0
`;

/** Another process may take a port between its choice and the gateway's start. */
const attempts = 3;

/** A gateway that can go and come again; what it stores stays. */
export interface NativeS3 extends RunningService<Gateway> {
  /** Ends what answers, at once, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again; resolves when it answers. */
  revive(): Promise<void>;
}

/** Ceph's gateway on a free port, in memory, gone when stopped or when this process is gone. */
export async function startNativeS3(options: GatewayOptions = {}): Promise<NativeS3> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === attempts) throw error;
    }
  }
}

async function startOnce({ lifecycleDaySeconds = 0, tls = false }: GatewayOptions): Promise<NativeS3> {
  const folder = await mkdtemp(join(tmpdir(), 'run-plan-s3-'));
  const port = await freeLoopbackPort();
  const tlsPort = tls ? await freeLoopbackPort() : undefined;
  const accessKeyId = randomBytes(10).toString('hex').toUpperCase();
  const secretAccessKey = randomBytes(30).toString('base64url');
  const kmsKey = 'testkey-1';
  const here = fileURLToPath(new URL('.', import.meta.url));
  const keeper = spawn('bash', ['-c', script, 'run-plan-s3', here, folder, String(port)], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      S3_ACCESS_KEY: accessKeyId,
      S3_SECRET_KEY: secretAccessKey,
      S3_KMS_KEY: kmsKey,
      // With days of a second the gateway is busy with lifecycles all the time, which takes half of two processors.
      LC_DAY: String(lifecycleDaySeconds),
      ...(tlsPort !== undefined && { TLS_PORT: String(tlsPort) }),
    },
  });
  let words = '';
  keeper.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-4096)));
  const exited = once(keeper, 'exit');
  const ready = once(keeper.stdout, 'data').then(() => true);
  if (!(await Promise.race([ready, exited.then(() => false)]))) {
    throw new Error(`Ceph's gateway did not start: ${words}`);
  }
  return {
    service: {
      way: 'native',
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      accessKeyId,
      secretAccessKey,
      kmsKey,
      flavour: 'ceph',
      ...(tlsPort !== undefined && {
        secure: { endpoint: `https://localhost:${tlsPort}`, certificate: join(folder, 'tls.crt') },
      }),
    },
    kill: () => killGateway(folder),
    revive: () => reviveGateway(folder, port),
    stop: async () => {
      keeper.stdin.end();
      await exited;
    },
  };
}

async function killGateway(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, 'rgw.pid'), 'utf8'));
  process.kill(pid, 'SIGKILL');
  await until('the gateway is gone', async () => {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return !line.includes(folder);
  });
}

/** As ceph-rgw-up.sh starts it, so that ceph-rgw-down.sh finds and ends it. */
async function reviveGateway(folder: string, port: number): Promise<void> {
  const config = join(folder, 'ceph.conf');
  const gateway = spawn('radosgw', ['-n', 'client.rgw', '--conf', config, '-f'], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'] },
  });
  gateway.unref();
  await writeFile(join(folder, 'rgw.pid'), String(gateway.pid));
  await until('the gateway answers again', () => listens(port));
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
