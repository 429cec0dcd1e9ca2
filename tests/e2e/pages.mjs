// Drives the pages in Debian's Chromium, as people and as attackers do.
//     node pages.mjs <scenario> <input as JSON>
// Exits 0 when everything held. Every scenario also holds that no content security policy was
// violated, no script failed, no dialog opened and nothing was asked of another host.
import assert from 'node:assert/strict';
import {becomes, input, isAccessible, logIn, run, showsTokens, watchedPage} from './browser.mjs';

const kTokens = '/developer/access-tokens';

async function fillSetup(page) {
    await page.getByLabel('E-mail').fill(input.email);
    await page.getByLabel('Password', {exact: true}).fill(input.password);
    await page.getByRole('button', {name: 'Create administrator'}).click();
}

async function logOut(page) {
    await page.getByRole('button', {name: /^Account of /}).click();
    await page.getByRole('menuitem', {name: 'Log out'}).click();
}

const kScenarios = {
    async docs(browser) {
        const page = await watchedPage(browser);
        await page.goto('/docs');
        await page.getByRole('heading', {name: /^Latchkey/}).waitFor();
        await page.locator('#operations-tokens-createToken').getByRole('button').first().click();
        await page.getByText('Create a token').first().waitFor();
        await becomes(async () => await page.locator('.opblock').count() > 60, true, 'more than 60 operations');
    },

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
        await page.getByRole('link', {name: 'Access tokens'}).first().click();
        await showsTokens(page);
        await page.getByText('You have no tokens yet').waitFor();
        await isAccessible(page, 'the list without tokens');

        const other = await watchedPage(browser);
        await other.goto(input.link);
        await fillSetup(other);
        await other.getByText('Latchkey is set up already').waitFor();
        await other.getByRole('link', {name: 'Go to the login'}).waitFor();
    },

    async login(browser) {
        const page = await watchedPage(browser);
        await page.goto(kTokens);
        await page.waitForURL('**/login?next=*');
        await page.getByRole('heading', {name: 'Log in'}).waitFor();
        await isAccessible(page, 'login');
        await logIn(page, 'not the password');
        await page.getByText('E-mail and password do not match an active account.').waitFor();
        assert.equal(new URL(page.url()).pathname, '/login');
        await isAccessible(page, 'login with an error');
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
        await showsTokens(page);
        for (const name of input.names) {
            const row = page.getByRole('rowheader', {name, exact: true});
            await row.waitFor();
            await becomes(() => row.textContent(), name);
        }
        assert.equal(await page.locator('img[src="x"]').count(), 0);
        await isAccessible(page, 'the list of tokens');
        const cookies = await page.context().cookies();
        assert.equal(cookies.length, 1);
        assert.equal(cookies[0].httpOnly, true);
        assert.equal(cookies[0].sameSite, 'Strict');
        assert.equal(await page.evaluate(() => document.cookie), '');

        // Two entries of the list in the history; the browser keeps the first as it was.
        await page.goto('/errors/unknown_scope');
        await page.goto(kTokens);
        await showsTokens(page);
        await logOut(page);
        await page.waitForURL('**/login');
        await page.getByRole('heading', {name: 'Log in'}).waitFor();
        await page.evaluate(() => history.back());
        await page.waitForURL(input.url + '/errors/unknown_scope', {waitUntil: 'commit'});
        await page.evaluate(() => history.back());
        await page.waitForURL('**/login?next=*', {waitUntil: 'commit'});
        await page.getByRole('heading', {name: 'Log in'}).waitFor();
        assert.equal(await page.getByRole('button', {name: /^Account of /}).count(), 0);
        assert.equal(await page.getByText(input.names[0]).count(), 0);
        // The old cookie, had somebody kept it, is worth nothing.
        await page.context().addCookies(cookies);
        await page.goto(kTokens);
        await page.waitForURL('**/login?next=*');
        await page.getByRole('heading', {name: 'Log in'}).waitFor();
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

    // What the tests measure by: it waits for what a script still places, and for nothing else.
    async measure(browser) {
        const page = await watchedPage(browser);
        await page.goto('/login');
        await page.getByRole('heading', {name: 'Log in'}).waitFor();
        await page.evaluate(() => {
            const wide = document.body.appendChild(document.createElement('p'));
            wide.id = 'wide';
            wide.textContent = 'wide';
            wide.style.width = '900px';
            addEventListener('resize', () => setTimeout(() => { wide.style.width = '100px'; }, 300), {once: true});
        });
        await isAccessible(page, 'a page that is wide for a moment');
        await page.evaluate(() => { document.getElementById('wide').style.width = '321px'; });
        input.patience = 1000;
        await assert.rejects(isAccessible(page, 'a wide page'), /a wide page is 3\d\d px wide at 320 px: .*<p id="wide"/);
        await page.setViewportSize({width: 1280, height: 720});
        await page.evaluate(() => {
            const text = document.getElementById('wide');
            text.style.cssText = 'color: #ccc; background: #ddd; width: 100px';
        });
        await assert.rejects(isAccessible(page, 'a pale page'), /axe on a pale page, light/);
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
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
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
        await becomes(() => answers.length, 4, 'the answers');
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

await run(kScenarios);
