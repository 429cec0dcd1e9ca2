// What every scenario in the browser holds: no content security policy is violated, no script
// fails, no dialog opens that nobody expects, and nothing is asked of another host.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import {inspect, isDeepStrictEqual} from 'node:util';
import {chromium} from 'playwright-core';

const kAxe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const kFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// For each step. With sanitizers, and other tests beside it on two cores, one may well take ten.
const kPatience = 60_000;

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
    const {port} = new URL(input.url); // by whichever name
    await context.route((url) => url.port === port && isPage(url), async (route) => {
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
    context.setDefaultTimeout(kPatience);
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
    const page = watchTab(await context.newPage());
    // As on a machine that is so many times slower: what does not wait is found at once.
    const rate = Number(process.env.LATCHKEY_BROWSER_SLOWDOWN ?? 1);
    if (rate > 1) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', {rate});
    return page;
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

// What is so after a moment, and not at once: asked again until it is.
export async function becomes(ask, wanted, what = '') {
    const end = Date.now() + kPatience;
    for (;;) {
        const seen = await ask();
        if (isDeepStrictEqual(seen, wanted)) return;
        if (Date.now() > end) assert.fail(`${what} never became ${inspect(wanted)}; at last it was ${inspect(seen)}`);
        await new Promise((next) => setTimeout(next, 50));
    }
}

export async function matches(locator, pattern) {
    await becomes(async () => pattern.test(await locator.textContent()), true,
        `"${await locator.textContent()}" matching ${pattern}`);
}

export async function isFocused(locator) {
    await becomes(() => locator.evaluate((element) => element === document.activeElement), true, `${locator} having the focus`);
}

// Until nothing fades or moves any more, for two frames of the page.
async function isCalm(page) {
    await page.evaluate(async (patience) => {
        const isMoving = () => document.querySelector('[data-starting-style], [data-ending-style]') !== null ||
            document.getAnimations().some((one) => one.playState === 'running' && Number.isFinite(one.effect.getComputedTiming().endTime));
        const end = performance.now() + patience;
        for (let calm = 0; calm < 2 && performance.now() < end;) {
            await new Promise(requestAnimationFrame);
            calm = isMoving() ? 0 : calm + 1;
        }
    }, kPatience / 2);
}

async function violations(page) {
    await isCalm(page);
    return page.evaluate(async (values) => {
        const {violations} = await window.axe.run(document, {runOnly: {type: 'tag', values}});
        return violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.target.join(' ')).join(', '));
    }, kRules);
}

// A page that was being drawn anew while axe read it is read once more, at once; a fault is there
// both times.
async function readByAxe(page, name, colorScheme) {
    await page.emulateMedia({colorScheme, reducedMotion: 'reduce'});
    if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(kAxe);
    if ((await violations(page)).length === 0) return;
    assert.deepEqual(await violations(page), [], `axe on ${name}, ${colorScheme}`);
}

// What a script places is placed anew some frames after the size has changed. So the page is measured
// until it has fitted for three frames, or did not for long.
async function fits(page, name, width) {
    const before = page.viewportSize();
    await page.setViewportSize({width, height: 640});
    const tooWide = await page.evaluate(async ([wanted, patience]) => {
        const root = document.documentElement;
        const end = performance.now() + patience;
        for (let good = 0; good < 3;) {
            await new Promise(requestAnimationFrame);
            good = innerWidth === wanted && root.scrollWidth <= wanted ? good + 1 : 0;
            if (good > 0 || performance.now() < end) continue;
            const beyond = [...document.body.querySelectorAll('*')].filter((one) => {
                const {left, right, width} = one.getBoundingClientRect();
                return width > 1 && (left < -0.5 || right > wanted + 0.5);
            });
            return `${root.scrollWidth} px wide at ${innerWidth} px: ` +
                beyond.slice(0, 5).map((one) => one.cloneNode().outerHTML.replace(/\s+/g, ' ').slice(0, 120)).join(' ');
        }
        return null;
    }, [width, input.patience ?? 10_000]);
    if (tooWide !== null) assert.fail(`${name} is ${tooWide}`);
    await page.setViewportSize(before);
}

// In the light and the dark theme; and at 320 px nothing makes the page scroll sideways.
export async function isAccessible(page, name) {
    for (const colorScheme of ['light', 'dark']) await readByAxe(page, name, colorScheme);
    await fits(page, name, 320);
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
