/**
 * Adds to package-lock.json the builds for other platforms that the registry in use does not offer. Without them
 * `npm ci` calls the lock file incomplete. The entries carry version, system and processor, so npm passes over
 * them here and fetches them where they fit; their checksums are unknown here. Run after `npm install`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const SYSTEMS = new Set(['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']);
const PROCESSORS = new Set(['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'wasm32']);

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));

/** System and processor out of a name such as `@scope/binding-linux-arm-gnueabihf`. */
function platformOf(name) {
  const words = name.split('/').at(-1).split('-');
  const system = words.find((word) => SYSTEMS.has(word));
  const processor = words.find((word) => PROCESSORS.has(word));
  return { ...(processor ? { cpu: [processor] } : {}), ...(system ? { os: [system] } : {}) };
}

const added = [];
for (const owner of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    const platform = platformOf(name);
    // Only exact versions of platform builds: anything else missing is a fault to look at.
    if (lock.packages[place] || !/^\d+\.\d+\.\d+/.test(version) || Object.keys(platform).length === 0) continue;
    lock.packages[place] = { version, dev: true, optional: true, ...platform };
    added.push(`${name}@${version}`);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length === 0 ? 'package-lock.json is complete' : `added ${added.length}:\n${added.join('\n')}`);
