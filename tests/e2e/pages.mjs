// Drives the pages in Debian's Chromium, as people and as attackers do.
//     node pages.mjs <scenario> <input as JSON>
// Exits 0 when everything held. Every scenario also holds that no content security policy was
// violated, no script failed, no dialog opened and nothing was asked of another host.
import assert from 'node:assert/strict';
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import {chromium} from 'playwright-core';

const kAxe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const kRules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
const kFlags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const [scenario, text] = process.argv.slice(2);
const input = JSON.parse(text);
const troubles = [];

async function watchedPage(browser, options = {}) {
    const context = await browser.newContext({baseURL: input.url, ...options});
    context.setDefaultTimeout(30000);
    await context.exposeBinding('reportViolation', (_, what) => troubles.push('CSP: ' + what));
    await context.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', (event) => {
            window.reportViolation(event.violatedDirective + ' ' + event.blockedURI + ' at ' + location.href);
        });
    });
    await context.route((url) => !(input.origins ?? [input.url]).includes(url.origin), (route) => {
        troubles.push('another host was asked: ' + route.request().url());
        return route.abort();
    });
    const page = await context.newPage();
    page.on('pageerror', (error) => troubles.push('script: ' + error.message));
    page.on('dialog', (dialog) => {
        troubles.push('dialog: ' + dialog.message());
        return dialog.dismiss();
    });
    return page;
}

// In the light and the dark theme; and at 320 px nothing makes the page scroll sideways.
async function isAccessible(page, name) {
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

async function fillSetup(page) {
    await page.getByLabel('E-mail').fill(input.email);
    await page.getByLabel('Password', {exact: true}).fill(input.password);
    await page.getByRole('button', {name: 'Create administrator'}).click();
}

async function logIn(page, password = input.password, path = '/login') {
    await page.goto(path);
    await page.getByLabel('E-mail').fill(input.email);
    await page.getByLabel('Password', {exact: true}).fill(password);
    await page.getByRole('button', {name: 'Log in'}).click();
}

async function showsTokens(page) {
    await page.getByRole('heading', {name: 'Your access tokens'}).waitFor();
    await page.getByText('Signed in as').waitFor();
}

const kScenarios = {
    async setup(browser) {
        const page = await watchedPage(browser);
        await page.goto('/setup');
        await page.getByText('The setup code is missing').waitFor();

        // Both links are opened in the tab that is on /setup already. The page takes the code out of
        // the address bar, before anybody could look; that it did so says that its script has run.
        await page.goto('/setup#not-the-code');
        await page.waitForURL(input.url + '/setup', {waitUntil: 'commit'});
        await fillSetup(page);
        await page.getByText('This setup link does not work').waitFor();
        await isAccessible(page, 'setup with an error');

        await page.goto(input.link);
        await page.waitForURL(input.url + '/setup', {waitUntil: 'commit'});
        await page.getByRole('link', {name: 'Skip to the content'}).press('Enter');
        await page.getByLabel('Name (optional)').fill('kept by the skip link');
        await isAccessible(page, 'setup');
        await fillSetup(page);
        await page.getByRole('heading', {name: 'You are set up'}).waitFor();
        await isAccessible(page, 'setup, done');
        await page.getByRole('link', {name: 'Go to your tokens'}).click();
        await showsTokens(page);
        await page.getByText('You have no tokens yet').waitFor();
        await isAccessible(page, 'home without tokens');

        const other = await watchedPage(browser);
        await other.goto(input.link);
        await fillSetup(other);
        await other.getByText('Latchkey is set up already').waitFor();
        await other.getByRole('link', {name: 'Go to the login'}).waitFor();
    },

    async login(browser) {
        const page = await watchedPage(browser);
        await page.goto('/');
        await page.getByRole('heading', {name: 'Personal access tokens'}).waitFor();
        await isAccessible(page, 'home, signed out');
        await page.goto('/login');
        await isAccessible(page, 'login');
        await logIn(page, 'not the password');
        await page.getByText('E-mail and password do not match an active account.').waitFor();
        assert.equal(new URL(page.url()).pathname, '/login');
        await isAccessible(page, 'login with an error');
        await logIn(page);
        await showsTokens(page);
        for (const name of input.names) {
            const row = page.getByRole('rowheader', {name, exact: true});
            await row.waitFor();
            assert.equal(await row.textContent(), name);
        }
        assert.equal(await page.locator('img[src="x"]').count(), 0);
        await isAccessible(page, 'home');
        const cookies = await page.context().cookies();
        assert.equal(cookies.length, 1);
        assert.equal(cookies[0].httpOnly, true);
        assert.equal(cookies[0].sameSite, 'Strict');
        assert.equal(await page.evaluate(() => document.cookie), '');

        // Two entries of the home page in the history; the browser keeps the first as it was.
        await page.goto('/errors/unknown_scope');
        await page.goto('/');
        await showsTokens(page);
        await page.getByRole('button', {name: 'Log out'}).click();
        await page.waitForURL('**/login');
        for (const path of ['/errors/unknown_scope', '/']) {
            await page.evaluate(() => history.back());
            await page.waitForURL(input.url + path, {waitUntil: 'commit'});
        }
        await page.getByRole('heading', {name: 'Personal access tokens'}).waitFor();
        assert.equal(await page.getByText('Signed in as').isVisible(), false);
        assert.equal(await page.getByText(input.names[0]).count(), 0);
        await page.goto('/');
        await page.getByRole('heading', {name: 'Personal access tokens'}).waitFor();
        // The old cookie, had somebody kept it, is worth nothing.
        await page.context().addCookies(cookies);
        await page.goto('/');
        await page.getByRole('heading', {name: 'Personal access tokens'}).waitFor();
    },

    async redirects(browser) {
        const page = await watchedPage(browser);
        for (const next of ['//evil.example/', 'https://evil.example/', '/\\evil.example/',
            '/\t/evil.example/', '\\\\evil.example', 'javascript:alert(1)', '/x/..//evil.example/',
            'data:text/html,x', ' //evil.example', '/%2f/evil.example', '@evil.example', '']) {
            await logIn(page, input.password, '/login?next=' + encodeURIComponent(next));
            await page.waitForURL((url) => url.pathname !== '/login');
            assert.equal(new URL(page.url()).origin, input.url, JSON.stringify(next));
        }
        await logIn(page, input.password, '/login?next=' + encodeURIComponent('/errors/unknown_scope?a=1#b'));
        await page.waitForURL('**/errors/unknown_scope?a=1#b');
    },

    async errorPage(browser) {
        const page = await watchedPage(browser);
        const response = await page.goto('/errors/unknown_scope');
        assert.equal(response.status(), 200);
        await page.getByRole('heading', {level: 1}).waitFor();
        await isAccessible(page, 'the page of an error');
    },

    // Another page on the same machine is the same *site*: its requests carry the SameSite cookie.
    async crossOrigin(browser) {
        const page = await watchedPage(browser);
        await logIn(page);
        await showsTokens(page);
        await page.goto(input.evil);
        const answers = [];
        page.on('response', (answer) => answers.push([new URL(answer.url()).pathname, answer.status()]));
        const body = JSON.stringify({name: 'planted', kind: 'opaque', scopes: []});
        for (const path of ['/v1/tokens', '/v1/users', '/v1/signing-keys/rotate', '/v1/session']) {
            await page.evaluate(([url, text]) => fetch(url, {
                method: 'POST', mode: 'no-cors', credentials: 'include', body: text,
            }), [input.url + path, body]);
        }
        assert.equal(answers.length, 4);
        for (const [path, status] of answers) {
            assert.ok([403, 415].includes(status), `${path} answered ${status} to another origin`);
        }
        const readable = await page.evaluate(async (url) => {
            try {
                await fetch(url, {credentials: 'include'});
                return true;
            } catch {
                return false;
            }
        }, input.url + '/v1/users/me');
        assert.equal(readable, false);
    },
};

// People have the back-forward cache, so the tests keep it too.
const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium', args: kFlags,
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
});
try {
    await kScenarios[scenario](browser);
    assert.deepEqual(troubles, []);
} finally {
    await browser.close();
}
