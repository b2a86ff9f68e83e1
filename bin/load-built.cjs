/**
 * Loads the built program, CommonJS files in ASCII, with the machine's own code that an earlier run has kept.
 *
 * Node's compile cache keeps what was compiled before a module ran: its outermost code. Most of a start-up is compiling
 * the functions that are called after that, so what is kept here is what had been compiled by the end of a run. A kept
 * file counts only for the very text that it was made from, and only whole: V8 takes a damaged one without a word.
 */
'use strict';
const { Buffer } = require('node:buffer');
const {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs');
const { createRequire } = require('node:module');
const { basename, dirname, join, resolve } = require('node:path');
const vm = require('node:vm');
const { crc32 } = require('node:zlib');

/** crc32 of the code, and how often it was kept; V8 copies code that does not begin at a multiple of eight. */
const headBytes = 8;
/** Commands compile different parts of what they share, so the first few ends of runs add theirs. */
const mostTimes = 4;
/** What no build has written for so long is of one that was replaced, milliseconds. */
const keptForMs = 30 * 24 * 60 * 60 * 1000;

/** A module as the build writes it: as a function already, because a text of half a megabyte is copied to become one. */
exports.asBuilt = asBuilt;
function asBuilt(code) {
  return `(function (exports, require, module, __filename, __dirname, importOther) { ${code}\n})`;
}

/**
 * Gives a `require` for files of the build. What they require of each other is loaded the same way; everything else is
 * Node's affair. Compiled code comes from the named folder, where it is this user's alone; what is new is put there unless
 * `keeps` is false.
 */
exports.createLoader = createLoader;
function createLoader(named, { keeps = true } = {}) {
  const folder = named !== undefined && isOwn(named) ? named : undefined;
  const loaded = new Map();
  const compiled = [];
  /** Every file of the build finds the same packages. */
  let requireOther;
  if (folder !== undefined && keeps) {
    process.on('exit', (code) => {
      if (code === 0) keep(folder, compiled);
    });
  }

  function load(file) {
    const known = loaded.get(file);
    if (known !== undefined) return known.exports;
    const bytes = readFileSync(file);
    const place = folder === undefined ? undefined : `${crc32(bytes).toString(16)}-${basename(file)}`;
    const kept = place === undefined ? undefined : readKept(join(folder, place));
    const script = new vm.Script(bytes.latin1Slice(), { filename: file, cachedData: kept?.code });
    compiled.push({ place, script, kept: script.cachedDataRejected ? undefined : kept });
    const module = { exports: {} };
    loaded.set(file, module);
    requireOther ??= createRequire(file);
    const require = (id) =>
      id.startsWith('.') || id.startsWith('/') ? load(resolve(dirname(file), id)) : requireOther(id);
    script.runInThisContext()(module.exports, require, module, file, dirname(file), importOther);
    return module.exports;
  }
  return load;
}

/** Compiled code is run as it is: nobody else may have laid it there. A folder that is not there yet is made. */
function isOwn(folder) {
  try {
    const { uid, mode } = statSync(folder);
    return uid === process.geteuid?.() && (mode & 0o022) === 0;
  } catch (error) {
    return error.code === 'ENOENT';
  }
}

/** What `import(…)` is in the build: that of a script is an experiment of Node's, which warns of it. */
function importOther(specifier) {
  return import(specifier);
}

/** The code of a kept file, when that is whole. */
function readKept(path) {
  try {
    const bytes = readFileSync(path);
    const code = bytes.subarray(headBytes);
    return bytes.readUInt32LE(0) === crc32(code) ? { code, times: bytes.readUInt8(4) } : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps what was compiled by now. Another run may do the same at the same time; nothing depends on it. */
function keep(folder, compiled) {
  try {
    for (const { place, script, kept } of compiled) {
      const times = (kept?.times ?? 0) + 1;
      if (times > mostTimes) continue;
      const made = script.createCachedData();
      // A long run forgets code that it has not called for a while.
      const code = kept !== undefined && kept.code.length > made.length ? kept.code : made;
      const head = Buffer.alloc(headBytes);
      head.writeUInt32LE(crc32(code));
      head.writeUInt8(times, 4);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const temporary = join(folder, `.${process.pid}-${place}`);
      writeFileSync(temporary, Buffer.concat([head, code]), { mode: 0o600 });
      renameSync(temporary, join(folder, place));
    }
    if (compiled.some(({ kept }) => kept === undefined)) removeOld(folder, compiled);
  } catch {
    // A full or read-only disk: the next start takes as long as this one.
  }
}

/** A new build leaves the code of the one before behind. */
function removeOld(folder, compiled) {
  const own = new Set(compiled.map(({ place }) => place));
  for (const name of readdirSync(folder)) {
    if (own.has(name)) continue;
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > keptForMs) rmSync(path, { force: true });
  }
}
