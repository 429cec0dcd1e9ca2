// Everything comes from the origin itself, in files of their own: the content security policy of
// the server forbids anything inline.
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import {defineConfig} from 'vite';

const server = process.env.LATCHKEY_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
    plugins: [react(), tailwindcss()],
    build: {
        target: 'es2023',
        cssTarget: ['chrome123', 'firefox128', 'safari17.5'],
        assetsInlineLimit: 0,
        modulePreload: {polyfill: false},
        reportCompressedSize: false,
    },
    server: {
        // `npm run dev` beside a running server: the API keeps its origin, so cookies and CSRF work.
        proxy: Object.fromEntries(['/v1', '/oauth2', '/.well-known', '/openapi.json', '/errors',
            '/assets/logo.svg'].map((path) => [path, {target: server, changeOrigin: true,
            headers: {Origin: server}}])),
    },
});
