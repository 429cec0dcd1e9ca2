// Everything comes from the origin itself, in files of their own: the content security policy of
// the server forbids anything inline.
import {readFileSync} from 'node:fs';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import {defineConfig, type Plugin} from 'vite';

const server = process.env.LATCHKEY_SERVER ?? 'http://127.0.0.1:8080';

// early.js is no module, for modules run only when the whole page is there. It is named after its
// content like everything else, so that a browser that has it need not ask. And the letters are
// fetched with the rest, not once the sheet has said that they are wanted.
function firstFiles(): Plugin {
    const source = readFileSync(new URL('src/early.js', import.meta.url), 'utf8');
    let early = '';
    return {
        name: 'first-files', apply: 'build',
        buildStart() {
            early = this.emitFile({type: 'asset', name: 'early.js', source});
        },
        generateBundle: {
            order: 'post',
            handler(_, bundle) {
                const page = bundle['index.html'];
                const font = Object.keys(bundle).find((name) => name.endsWith('.woff2'));
                if (page?.type !== 'asset' || !font) return this.error('there is no index.html, or no font');
                const tag = /<script src="\/src\/early\.js"[^>]*><\/script>/;
                const html = String(page.source);
                if (!tag.test(html)) return this.error('index.html does not name early.js');
                page.source = html.replace(tag, `<script src="/${this.getFileName(early)}"></script>\n` +
                    `<link rel="preload" as="font" type="font/woff2" crossorigin href="/${font}">`);
            },
        },
    };
}

export default defineConfig({
    plugins: [react(), tailwindcss(), firstFiles()],
    build: {
        target: 'es2023',
        cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
        assetsInlineLimit: 0,
        modulePreload: {polyfill: false},
        reportCompressedSize: false,
        rolldownOptions: {
            // What the first page needs is one file: a browser fetches six at a time, and finds out
            // what a file needs only when it has it.
            output: {codeSplitting: {groups: [{name: 'first', tags: ['$initial']}]}},
        },
    },
    server: {
        // `npm run dev` beside a running server: the API keeps its origin, so cookies and CSRF work.
        proxy: Object.fromEntries(['/v1', '/oauth2', '/.well-known', '/openapi.json', '/errors',
            '/assets/logo.svg'].map((path) => [path, {target: server, changeOrigin: true,
            headers: {Origin: server}}])),
    },
});
