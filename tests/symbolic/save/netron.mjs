// Open files with netron as its page does, without the page, and print what it found as JSON.
//
//     node netron.mjs FOLDER FILE…
//
// FOLDER holds netron's modules. Files are opened by what netron makes of their content, not by what we know of it.

import * as fs from 'fs';
import * as path from 'path';
import { pathToFileURL } from 'url';

const [folder, ...files] = process.argv.slice(2);
const load = (id) => import(pathToFileURL(path.resolve(folder, `${id.replace('./', '')}.js`)).href);
const { ModelFactoryService } = await load('view');
const { BinaryStream } = await load('base');

const plain = (x) => typeof x === 'bigint' ? Number(x) : Array.isArray(x) ? x.map(plain) : x === undefined ? null :
    x !== null && typeof x === 'object' && !(x instanceof Map) ? String(x) : x;
const list = (x) => Array.from(x || []);
const values = (argument) => list(argument.value).map((v) => ({
    name: v.name, type: v.type ? String(v.type) : null, constant: Boolean(v.initializer), description: v.description || null }));
const ends = (x) => list(x).map((argument) => ({ name: argument.name, values: values(argument) }));
const pairs = (x) => Object.fromEntries(list(x).map((a) => [a.name, plain(a.value)]));

const described = (model) => ({
    format: model.format,
    producer: model.producer || null,
    description: model.description || null,
    metadata: pairs(model.metadata),
    graphs: list(model.modules || model.graphs).map((graph) => ({
        name: graph.name,
        inputs: ends(graph.inputs),
        outputs: ends(graph.outputs),
        nodes: list(graph.nodes).map((node) => ({
            name: node.name, type: node.type.name, description: node.description || null,
            inputs: ends(node.inputs), outputs: ends(node.outputs),
            attributes: pairs(node.attributes), metadata: pairs(node.metadata) })),
    })),
});

const asset = async (file) => fs.readFileSync(path.resolve(folder, path.basename(file)), 'utf-8');
const missing = async (file) => { throw new Error(`netron asked for '${file}'`); };
const host = {
    environment: () => undefined, event: () => {}, exception: () => {}, require: load,
    asset, request: (file, encoding, base) => base === null ? asset(file) : missing(file),
};

for (const file of files) {
    const errors = [];
    const service = new ModelFactoryService(host);
    let found;
    try {
        const model = await service.open({
            identifier: path.basename(file), stream: new BinaryStream(fs.readFileSync(file)), entries: new Map(),
            require: load, asset, fetch: missing, request: host.request, error: (error) => errors.push(String(error)) });
        found = described(model);
    } catch (error) {
        errors.push(String(error));
    }
    console.log(JSON.stringify({ ...found, errors }));
}
