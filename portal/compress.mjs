// Writes name.br and name.gz beside every file of a folder that gets smaller by it:
//     node compress.mjs FOLDER
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {brotliCompressSync, constants, gzipSync} from 'node:zlib';

const folder = process.argv[2];
for (const name of readdirSync(folder, {recursive: true})) {
    const file = join(folder, name);
    if (!statSync(file).isFile() || !/\.(html|css|js|svg|json)$/.test(name)) continue;
    const text = readFileSync(file);
    const brotli = brotliCompressSync(text, {params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
    }});
    const gzip = gzipSync(text, {level: 9});
    if (brotli.length < text.length) writeFileSync(file + '.br', brotli);
    if (gzip.length < text.length) writeFileSync(file + '.gz', gzip);
}
