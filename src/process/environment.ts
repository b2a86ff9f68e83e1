import { isUnsafeVariable } from '../language/command-variables.ts';

/** Variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What every program is given of the operator's own variables: where programs, home and temporary files are, who and
 * where one is, and how the network is reached. Whatever else it needs, whoever starts it gives it by name: an
 * environment holds secrets of others, and settings (`PGSERVICE`, `LD_PRELOAD`, `BASH_ENV`, `NODE_OPTIONS`) that lead a
 * program elsewhere.
 */
const passed: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TMPDIR', 'TERM', 'TZ', 'LANG', 'LANGUAGE'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'KRB5_CONFIG', 'KRB5CCNAME', 'RUN_PLAN_NODE'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'],
]);
const passedPrefixes = ['LC_', 'XDG_'];

/**
 * What secret commands are given besides: where the common password stores find their files, agents and servers, and how
 * they log in.
 */
const ofPasswordStores: ReadonlySet<string> = new Set([
  ...['GNUPGHOME', 'GPG_TTY', 'GPG_AGENT_INFO', 'SSH_AUTH_SOCK', 'DBUS_SESSION_BUS_ADDRESS'],
  ...['CREDENTIALS_DIRECTORY', 'KUBECONFIG'],
]);
const prefixesOfPasswordStores = [
  ...['PASSWORD_STORE_', 'VAULT_', 'BAO_', 'OP_', 'BW_', 'SOPS_', 'DOPPLER_', 'INFISICAL_', 'AWS_', 'AZURE_'],
  ...['GOOGLE_', 'CLOUDSDK_'],
];

/** Of the operator's variables what any program may see. */
function passedVariables(variables: Variables): Readonly<Record<string, string>> {
  return pick(
    variables,
    (name) => passed.has(name) || passedPrefixes.some((prefix) => name.startsWith(prefix)),
  );
}

/** What a program sees: of the caller's variables those that may pass, and what it is given. */
export function builtEnvironment({
  inherited,
  environment,
}: {
  readonly inherited: Variables;
  readonly environment?: Variables;
}): Record<string, string | undefined> {
  // Without a level bash takes a socket on its standard input for a remote login and reads ~/.bashrc.
  return { ...passedVariables(inherited), ...environment, SHLVL: '1' };
}

/** Of the operator's variables what a secret command gets besides: those of password stores, and those that it names itself as `$NAME`. */
export function variablesOfSecretCommand(
  command: string,
  variables: Variables,
): Readonly<Record<string, string>> {
  const named = new Set([...command.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = '']) => name));
  return pick(
    variables,
    (name) =>
      !isUnsafeVariable(name) &&
      (named.has(name) ||
        ofPasswordStores.has(name) ||
        prefixesOfPasswordStores.some((prefix) => name.startsWith(prefix))),
  );
}

/** What systemd's own programs get: the bus of the operator's systemd, and answers in English and UTC. */
export function systemdVariables(variables: Variables): Readonly<Record<string, string>> {
  const bus = pick(variables, (name) => name === 'DBUS_SESSION_BUS_ADDRESS');
  return { ...bus, LC_ALL: 'C', TZ: 'UTC', SYSTEMD_COLORS: '0' };
}

function pick(variables: Variables, isWanted: (name: string) => boolean): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value !== undefined && isWanted(name) ? [[name, value]] : [],
    ),
  );
}
