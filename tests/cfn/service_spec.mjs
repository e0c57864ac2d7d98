// Prints, as JSON, what @aws-cdk/aws-service-spec says of every resource type: its properties, and which of them, or which of
// their parts, replace the resource ("yes") or may ("maybe"). `*` stands for any item of a list.
//
//   node tests/cfn/service_spec.mjs target/tools/service-spec
//
// tests/run installs the package there (tests/service-spec.txt pins it) and keeps what this prints as replaces.json next to it.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2]);
const name = '@aws-cdk/aws-service-spec';
const db = createRequire(join(folder, 'index.js'))(name).loadAwsServiceSpecSync();
const version = JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'))).version;
const definitions = new Map(db.all('typeDefinition').map((definition) => [definition.$id, definition]));

function inside(type, path, found, over) {
  if (type.type === 'array') return inside(type.element, `${path}/*`, found, over);
  if (type.type === 'union') return type.types.forEach((one) => inside(one, path, found, over));
  const id = type.type === 'ref' ? type.reference.$ref : undefined;
  if (id === undefined || over.includes(id) || !definitions.has(id)) return;
  all(definitions.get(id).properties, `${path}/`, found, [...over, id]);
}

function all(properties, prefix, found, over) {
  for (const [key, property] of Object.entries(properties)) {
    const path = prefix + key;
    if (property.causesReplacement && property.causesReplacement !== 'no') found[path] = property.causesReplacement;
    inside(property.type, path, found, over);
  }
}

const types = {};
for (const resource of db.all('resource')) {
  const replaces = {};
  all(resource.properties, '', replaces, []);
  types[resource.cloudFormationType] = {
    properties: Object.keys(resource.properties).sort(),
    replaces: Object.fromEntries(Object.entries(replaces).sort(([a], [b]) => (a < b ? -1 : 1))),
    stateful: resource.isStateful === true,
  };
}
const sorted = Object.fromEntries(Object.entries(types).sort(([a], [b]) => (a < b ? -1 : 1)));
console.log(JSON.stringify({ origin: `${name} ${version}`, types: sorted }));
