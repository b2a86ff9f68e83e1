import { supportedMajors } from '../postgres/supported-majors.ts';
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
  return `set -euo pipefail
missing=()
for major in ${majors.join(' ')}; do
  [ -x "/usr/lib/postgresql/$major/bin/${program}" ] || missing+=("${kind}-$major")
done
for tool in zstd age; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ "\${#missing[@]}" -gt 0 ]; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "\${root[@]}" apt-get update -qq
  "\${root[@]}" apt-get install -qq --no-install-recommends ca-certificates postgresql-common
  "\${root[@]}" /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y
  "\${root[@]}" apt-get install -qq --no-install-recommends "\${missing[@]}"
fi
npm install --global --no-audit --no-fund ${shellWord(settings.package)}
`;
}
