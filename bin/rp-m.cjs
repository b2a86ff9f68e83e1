/**
 * Starts the command line on the Node that runs this file: plain JavaScript that even an old Node can read, so that it
 * can say what to do instead of failing on syntax. No module: Node's loader of those takes 5 ms, a quarter of its start.
 */
'use strict';globalThis.MM=[];globalThis.AC={};globalThis.ACC=(n,f)=>{const a=performance.now();try{return f()}finally{AC[n]=(AC[n]||0)+performance.now()-a}};globalThis.M=(l)=>MM.push([l,performance.now()]);M('launcher');process.on('exit',()=>M('exit'));
const { existsSync, readFileSync } = require('node:fs');
const nodeModule = require('node:module');
const { dirname, join } = require('node:path');

const root = dirname(__dirname);
const missingExitCode = 11;
const noWork = ['help', '--help', '-h', '--version', '-V'];

if (isTooOld(process.versions.node)) {
  refuse(
    `needs Node 22.22 or later, and this is ${process.versions.node} (${process.execPath})`,
    `npm install --global --no-bin-links node-linux-${process.arch}@24 puts one beside run-plan, which finds it; or name one: RUN_PLAN_NODE=/path/to/node`,
  );
}
const program = join(root, 'dist', 'src', 'cli', 'main.cjs');
if (!existsSync(program)) {
  refuse('has not been built yet', 'npm run build');
}

/** A start that does no work compiles too little to be kept for those that do. */
const keeps = process.argv.length > 2 && !process.argv.some((word) => noWork.includes(word));
const cache = compileCacheFolder();
if (cache !== undefined) nodeModule.enableCompileCache?.(cache);
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { createLoader } = require('./load-built.cjs');
const load = createLoader(cache && join(cache, `built-${process.version}-${process.arch}`), { keeps });
M('loader');process.on('exit',()=>{M('end');let p=0;for(const [l,t] of MM){console.error(l.padEnd(20),(t-p).toFixed(2));p=t}for(const k in AC)console.error(('~'+k).padEnd(20),AC[k].toFixed(2))});const main=load(program);M('main loaded');void main.runProcess(join(root, 'dist', 'tasks'), version, load);

/** Before 22.22 the libraries that run-plan is made of do not run. */
function isTooOld(node) {
  const [major, minor] = node.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 22);
}

/**
 * A folder of this user's own. Node's default is below /tmp, where somebody else could lay compiled code ready for root.
 */
function compileCacheFolder() {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME, HOME } = process.env;
  if (CACHE_DIRECTORY) return CACHE_DIRECTORY;
  if (XDG_CACHE_HOME) return join(XDG_CACHE_HOME, 'run-plan');
  return HOME ? join(HOME, '.cache', 'run-plan') : undefined;
}

function refuse(what, hint) {
  console.error(`run-plan: ${what}\n  ${hint}`);
  process.exit(missingExitCode);
}
