/** Variable in the environment of every program of a run, by which the guard finds what left its process group. */
export const runVariable = 'RUN_PLAN_RUN_ID';

/** What the guard says once it holds the lock. */
export const lockedWord = 'locked';

/** How `flock` exits when somebody else holds the lock. */
export const lockedStatus = 75;

/**
 * The guard, in bash: `$1` is the run id, `$2` the run's temporary folder. It reads process groups as they start
 * (`+7`) and end (`-7`) until `bye`. When its input ends without that, run-plan was killed: the groups that are left
 * die by SIGTERM and after two seconds by SIGKILL, so does every process that carries the run's id in its environment
 * (a child in a session of its own), and the folder goes. The lock is this process' and ends with it.
 */
export const guardScript = `
trap '' HUP INT TERM
declare -A groups=()
echo ${lockedWord}
exec >&-
while IFS= read -r word; do
  case $word in
    +*) groups[\${word#+}]=1 ;;
    -*) unset "groups[\${word#-}]" ;;
    bye) exit 0 ;;
  esac
done

# Every target that still runs, zombies left out: groups with a minus sign, single processes without.
targets() {
  local file line words
  for file in /proc/[0-9]*/stat; do
    IFS= read -r line < "$file" || continue
    words=(\${line##*) })
    [[ \${words[0]} == [ZX] || -z \${groups[\${words[2]}]:-} ]] || echo "-\${words[2]}"
  done
  for file in $(grep -lzFx -- "${runVariable}=$1" /proc/[0-9]*/environ); do
    file=\${file#/proc/}
    echo "\${file%/environ}"
  done
}

signal_targets() {
  local target
  for target in $(targets "$2"); do
    kill -s "$1" -- "$target"
  done
}

signal_targets TERM "$1"
for (( tries = 0; tries < 20; tries += 1 )); do
  [[ -z $(targets "$1") ]] && break
  sleep 0.1
done
signal_targets KILL "$1"
rm -rf -- "$2"
`;
