import { connect } from 'node:net';
import type { ContainerRuntimeClient, StartedTestContainer } from 'testcontainers';
import { hasEnded, nameOwner } from './container-owner.ts';

/** Names the process that started a container, so that a later run knows whether it is still wanted. */
const ownerLabel = 'run-plan.test.owner';
const reaperImage = (process.env['RYUK_CONTAINER_IMAGE'] ??= 'testcontainers/ryuk:0.14.0');

/** The container engine, as testcontainers found it. */
export async function openEngine(): Promise<ContainerRuntimeClient> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient();
}

export async function hasImage(name: string): Promise<boolean> {
  const { ImageName } = await import('testcontainers');
  return (await openEngine()).image.exists(ImageName.fromString(name));
}

/** @returns why the image cannot be pulled, or undefined when it is here. */
export async function pullImage(name: string): Promise<string | undefined> {
  const { ImageName } = await import('testcontainers');
  const problem = await (await openEngine()).image.pull(ImageName.fromString(name)).then(
    () => undefined,
    (error: unknown) =>
      // What the engine itself said, without the client's words around it.
      String(error instanceof Error ? error.message : error)
        .replace(/^\(HTTP code \d+\) [^-]*- /, '')
        .trim(),
  );
  // A pull that breaks off ends like one that is done.
  if (problem === undefined && !(await hasImage(name))) return 'the pull broke off';
  return problem;
}

/** Starts a container that ends with its test run: by `stop`, by testcontainers' reaper, or by the next run's `sweep`. */
export async function startContainer<Started>(container: {
  withLabels(labels: Record<string, string>): { start(): Promise<Started> };
}): Promise<Started> {
  if (!(await hasImage(reaperImage))) process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  return container.withLabels({ [ownerLabel]: nameOwner(process.pid) ?? '' }).start();
}

/** Gets the reaper's image where it can be had. It removes containers when their run is gone; without it the next run does. */
export async function prepareReaper(): Promise<void> {
  if (process.env['TESTCONTAINERS_RYUK_DISABLED'] !== 'true' && !(await hasImage(reaperImage)))
    await pullImage(reaperImage);
}

/** Removes the containers of test runs on this host that are gone. @returns how many */
export async function sweep(): Promise<number> {
  const { dockerode } = (await openEngine()).container;
  const filters = { label: ['org.testcontainers=true', ownerLabel] };
  const found = await dockerode.listContainers({ all: true, filters });
  const left = found.filter(({ Labels }) => hasEnded(Labels[ownerLabel] ?? ''));
  // Another run may be removing them at the same time.
  const removed = await Promise.allSettled(
    left.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true })),
  );
  return removed.filter(({ status }) => status === 'fulfilled').length;
}

/** Where a container's port is reached: at 127.0.0.1 where the engine publishes it there, otherwise where testcontainers says. */
export async function addressOf(
  container: StartedTestContainer,
  port: number,
): Promise<{ readonly host: string; readonly port: number }> {
  const { dockerode } = (await openEngine()).container;
  const { NetworkSettings } = await dockerode.getContainer(container.getId()).inspect();
  // `localhost` may be IPv6, where a port of its own is published.
  const binding = NetworkSettings.Ports[`${port}/tcp`]?.find(({ HostIp }) => HostIp.includes('.'));
  const published = Number(binding?.HostPort);
  if (binding !== undefined && (await answers(published))) return { host: '127.0.0.1', port: published };
  return { host: container.getHost(), port: container.getMappedPort(port) };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', settle(true)).once('error', settle(false));
  });
}
