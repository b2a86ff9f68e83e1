import { supportedMajors } from '../../postgres/supported-majors.ts';
import type { ExportedPlan, ExportSettings } from './exported-plan.ts';
import { needsServer } from './host-needs.ts';
import { shellWord } from './shell.ts';

/**
 * Bash that puts run-plan and the programs that it starts onto a Debian or Ubuntu, leaving alone what is there: clients
 * from PostgreSQL's own packages (PGDG), zstd, age. A throw-away cluster wants the server besides.
 */
export function installScript(exported: ExportedPlan, settings: ExportSettings): string {
  const majors = settings.postgresMajor === undefined ? supportedMajors : [settings.postgresMajor];
  const [kind, program] = needsServer(exported)
    ? ['postgresql', 'postgres']
    : ['postgresql-client', 'pg_dump'];
  // Debian's packages of a server would start one of their own.
  const withoutCluster = needsServer(exported)
    ? `  echo 'create_main_cluster = false' | "\${root[@]}" tee -a /etc/postgresql-common/createcluster.conf\n`
    : '';
  return `set -euo pipefail
missing=()
for major in ${majors.join(' ')}; do
  [ -x "/usr/lib/postgresql/$major/bin/${program}" ] || missing+=("${kind}-$major")
done
for tool in zstd age; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ "\${#missing[@]}" -gt 0 ]; then
  root=(env DEBIAN_FRONTEND=noninteractive)
  [ "$(id -u)" = 0 ] || root=(sudo "\${root[@]}")
  "\${root[@]}" apt-get update -qq
  "\${root[@]}" apt-get install -qq --no-install-recommends ca-certificates postgresql-common
  "\${root[@]}" /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
${withoutCluster}  "\${root[@]}" apt-get install -qq --no-install-recommends "\${missing[@]}"
fi
npm install --global --no-audit --no-fund ${shellWord(settings.package)}
`;
}
