// What every scenario in the browser holds: no content security policy is violated, no script
// fails, no dialog opens that nobody expects, and nothing is asked of another host.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import {chromium} from 'playwright-core';

const kAxe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const kFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const [scenario, text] = process.argv.slice(2);
export const input = JSON.parse(text);
export const troubles = [];

// People have the back-forward cache, so the tests keep it too.
export function launch(flags = []) {
    return chromium.launch({
        executablePath: '/usr/bin/chromium', args: [...kFlags, ...flags],
        ignoreDefaultArgs: ['--disable-back-forward-cache'],
    });
}

export async function watchedPage(browser, options = {}) {
    const context = await browser.newContext({baseURL: input.url, locale: 'en-GB', ...options});
    return watch(context);
}

// With LATCHKEY_PORTAL_DIST, a folder that vite has built, the portal comes from there and not out
// of the binary: for work on the portal. The policies stay those of the server.
async function servePortal(context, folder) {
    const isPage = (url) => !/^\/(v1|oauth2|docs|errors|status|check|openapi\.json|\.well-known)(\/|$)/.test(url.pathname);
    const kTypes = {js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml', woff2: 'font/woff2', png: 'image/png'};
    let headers = null;
    await context.route((url) => (input.origins ?? [input.url]).includes(url.origin) && isPage(url), async (route) => {
        headers ??= Object.fromEntries([...(await fetch(input.url + '/login')).headers]
            .filter(([name]) => /policy/.test(name)));
        const {pathname} = new URL(route.request().url());
        const isAsset = pathname.startsWith('/assets/');
        try {
            const body = readFileSync(folder + (isAsset ? pathname : '/index.html'));
            const contentType = isAsset ? kTypes[pathname.split('.').pop()] : 'text/html';
            return await route.fulfill({body, contentType, headers});
        } catch {
            return route.continue();
        }
    });
}

export async function watch(context) {
    context.setDefaultTimeout(30000);
    await context.exposeBinding('reportViolation', (_, what) => troubles.push('CSP: ' + what));
    await context.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
            window.reportViolation(event.violatedDirective + ' ' + event.blockedURI + ' at ' + location.href);
        });
    });
    if (process.env.LATCHKEY_PORTAL_DIST) await servePortal(context, process.env.LATCHKEY_PORTAL_DIST);
    await context.route((url) => !(input.origins ?? [input.url]).includes(url.origin), (route) => {
        troubles.push('another host was asked: ' + route.request().url());
        return route.abort();
    });
    return watchTab(await context.newPage());
}

export function watchTab(page) {
    page.expectedDialogs = [];
    page.on('pageerror', (error) => troubles.push('script: ' + error.message));
    page.on('dialog', (dialog) => {
        if (page.expectedDialogs.shift() === dialog.type()) return dialog.accept();
        troubles.push('dialog: ' + dialog.type() + ' ' + dialog.message());
        return dialog.dismiss();
    });
    return page;
}

// In the light and the dark theme; and at 320 px nothing makes the page scroll sideways.
export async function isAccessible(page, name) {
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
        await page.evaluate(kAxe);
        const violations = await page.evaluate(async (values) => {
            const {violations} = await window.axe.run(document, {runOnly: {type: 'tag', values}});
            return violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(', '));
        }, kRules);
        assert.deepEqual(violations, [], `axe on ${name}, ${colorScheme}`);
    }
    const before = page.viewportSize();
    await page.setViewportSize({width: 320, height: 640});
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 320, `${name} is ${width} px wide at 320 px`);
    await page.setViewportSize(before);
}

export async function logIn(page, password = input.password, path = '/login') {
    await page.goto(path);
    await page.getByLabel('E-mail').fill(input.email);
    await page.getByLabel('Password', {exact: true}).fill(password);
    await page.getByRole('button', {name: 'Log in'}).click();
}

export async function showsTokens(page) {
    await page.getByRole('heading', {name: 'Access tokens', level: 1}).waitFor();
    await page.getByRole('button', {name: /^Account of /}).waitFor();
}

export async function run(scenarios, flags = []) {
    const browser = await launch(flags);
    try {
        await scenarios[scenario](browser);
        assert.deepEqual(troubles, []);
    } finally {
        await browser.close();
    }
}
