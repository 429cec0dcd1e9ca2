// The portal in Debian's Chromium, as people use it: tokens are made, seen once, watched, stopped.
//     node portal.mjs <scenario> <input as JSON>
import assert from 'node:assert/strict';
import {
    becomes, input, isAccessible, isFocused, logIn, matches, run, showsTokens, troubles, watch, watchedPage, watchTab,
} from './browser.mjs';
import {button, chooseAction, create, fillForm, kTokens, open, photograph, row, whoIs} from './portal_steps.mjs';

const kScenarios = {
    // From nothing to a token that works, and to one that does not.
    async life(browser) {
        const visitor = await watchedPage(browser);
        await visitor.goto('/login');
        await visitor.getByRole('heading', {name: 'Log in'}).waitFor();
        await photograph(visitor, 'login');
        const page = await open(browser, {permissions: ['clipboard-read', 'clipboard-write']});
        await page.getByText('You have no tokens yet').waitFor();
        await isAccessible(page, 'the empty list');
        await fillForm(page, 'ci-deploy', ['account:read', 'token:read']);
        await becomes(() => page.getByLabel('Expiration date').inputValue(), '', 'the date of a new token');
        await page.getByLabel('Description').fill('Deploys the storefront');
        await button(page, '30 days').click();
        await page.getByText('2 of').waitFor();
        await isAccessible(page, 'the form of a new token');
        await button(page, 'Review').click();
        await page.getByRole('heading', {name: 'Review'}).waitFor();
        await page.getByText('Nothing is made yet').waitFor();
        await isAccessible(page, 'the review');
        await button(page, 'Create token').click();
        const dialog = page.getByRole('dialog', {name: 'Your new token'});
        await dialog.waitFor();
        const secret = await page.getByLabel('Secret', {exact: true}).inputValue();
        await becomes(() => button(page, 'Done').isDisabled(), true, 'Done, disabled');
        await isAccessible(page, 'the one-time reveal');
        await photograph(page, 'reveal');
        await button(page, 'Try it').click();
        await button(page, 'Test now').click();
        await page.getByLabel('Answer').getByText('200').waitFor();
        await button(page, 'Copy').click();
        await page.getByText('Copied').first().waitFor();
        await becomes(() => page.evaluate(() => navigator.clipboard.readText()), secret, 'the clipboard');
        await button(page, 'Done').click();
        await showsTokens(page);
        const self = await whoIs(secret);
        assert.equal(self.status, 200);
        assert.deepEqual(self.body.scopes, ['account:read', 'token:read']);
        assert.equal(self.body.description, 'Deploys the storefront');
        const days = (new Date(self.body.expiresAt) - new Date(self.body.createdAt)) / 86400000;
        assert.ok(Math.abs(days - 30) < 0.01, String(days));
        await matches(await row(page, 'ci-deploy'), /Active/);
        await isAccessible(page, 'the list');

        await chooseAction(page, 'ci-deploy', 'Revoke…');
        const question = page.getByRole('alertdialog', {name: 'Revoke ci-deploy?'});
        await question.waitFor();
        await isAccessible(page, 'the question before a revocation');
        await isFocused(button(page, 'Cancel'));
        await page.keyboard.press('Escape');
        await question.waitFor({state: 'detached'});
        assert.equal((await whoIs(secret)).status, 200);
        await chooseAction(page, 'ci-deploy', 'Revoke…');
        await page.getByLabel('Reason').fill('no longer needed');
        await button(page, 'Revoke token').click();
        await (await row(page, 'ci-deploy')).getByText('Revoked').waitFor();
        assert.equal((await whoIs(secret)).status, 401);
    },

    // Whatever a hand does by accident, the secret stays on the screen until it is saved.
    async lostReveal(browser) {
        const page = await open(browser);
        const secret = await create(page, 'kept');
        const isThere = async (after) =>
            assert.equal(await page.getByLabel('Secret', {exact: true}).inputValue(), secret, after);
        await page.keyboard.press('Escape');
        await page.getByText('You have not saved the secret yet').waitFor();
        await isThere('Esc');
        await page.mouse.click(5, 5);
        await isThere('a click outside');
        await page.goBack();
        await isThere('back');
        await page.goForward();
        await isThere('forward');
        page.expectedDialogs.push('beforeunload');
        await page.evaluate(() => { window.isOldDocument = true; });
        const other = watchTab(await page.context().newPage());
        await other.goto(kTokens);
        await button(other, 'Account of ' + input.email).click();
        await other.getByRole('menuitem', {name: 'Log out'}).click();
        await other.waitForURL('**/login');
        await isThere('the end of the session');
        await page.getByLabel('I have saved it in a safe place').check();
        page.expectedDialogs.length = 0;
        await button(page, 'Done').click();
        await page.waitForURL('**/login**');
        await becomes(() => page.getByText(secret).count(), 0, 'the secret on the page');
        assert.equal((await whoIs(secret)).status, 200);
    },

    // A reload asks first; who insists has lost it, and no trace of it is left behind.
    async reload(browser) {
        const page = await open(browser);
        const secret = await create(page, 'asked');
        page.expectedDialogs.push('beforeunload');
        await page.reload();
        assert.deepEqual(page.expectedDialogs, [], 'the reload asked');
        await page.goto(kTokens);
        await showsTokens(page);
        await row(page, 'asked');
        const traces = await page.evaluate(() =>
            JSON.stringify([{...localStorage}, {...sessionStorage}, history.state, location.href]));
        assert.equal(traces.includes(secret), false);
        assert.equal((await page.content()).includes(secret), false);
    },

    // A name of the local network over plain http: no clipboard, no randomUUID, no subtle crypto.
    async plainHttp(browser) {
        const lan = input.url.replace('127.0.0.1', 'latchkey.lan');
        input.origins = [lan];
        const context = await browser.newContext({baseURL: lan, locale: 'en-GB'});
        const page = await watch(context);
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
        await showsTokens(page);
        assert.equal(await page.evaluate(() => isSecureContext), false);
        await page.getByText('This connection is not encrypted.').waitFor();
        const secret = await create(page, 'over-plain-http');
        await button(page, 'Copy').click();
        await page.getByText('Copied').first().waitFor();
        await page.getByLabel('I have saved it in a safe place').waitFor();
        await button(page, 'Done').click();
        await showsTokens(page);
        const search = page.getByLabel('Search tokens');
        await search.press('Control+V');
        await becomes(() => search.inputValue(), secret.slice(0, 100), 'what was pasted');
        await isAccessible(page, 'the list over plain http');
    },

    // The end of the session: back to where one was, after the login.
    async sessionEnd(browser) {
        const page = await open(browser);
        const other = watchTab(await page.context().newPage());
        await other.goto(kTokens + '/new?name=a');
        await other.getByLabel('Name', {exact: true}).waitFor();
        await page.context().clearCookies();
        await page.reload();
        await page.waitForURL('**/login?next=*');
        await logIn(page, input.password, page.url());
        await showsTokens(page);
        await button(page, 'Account of ' + input.email).click();
        await page.getByRole('menuitem', {name: 'Log out'}).click();
        await other.waitForURL('**/login**');
    },

    // Names are text, whatever they say.
    async naughty(browser) {
        const page = await open(browser);
        for (const name of input.names) {
            const cell = page.getByRole('rowheader', {name, exact: true});
            await cell.waitFor();
            await becomes(() => cell.textContent(), name);
            await chooseAction(page, name, 'Suspend…');
            await page.getByRole('alertdialog').getByText(name).first().waitFor();
            await page.keyboard.press('Escape');
            await page.getByRole('alertdialog').waitFor({state: 'detached'});
        }
        assert.equal(await page.locator('img[src="x"]').count(), 0);
    },

    // A link fills the form in and says so; what it asks for is looked at before it is made.
    async links(browser) {
        const page = await open(browser);
        const dayIn45 = () => {
            const date = new Date(Date.now() + 45 * 86400000);
            return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
        };
        const before = dayIn45();
        await page.goto('/new?name=ci%20%3Cb%3E&scopes=account:read,token:read&expires_in=45&description=from%20a%20link&api=latchkey');
        await page.getByText('A link filled in this form.').waitFor();
        await becomes(() => page.getByLabel('Name', {exact: true}).inputValue(), 'ci <b>', 'the name');
        await becomes(() => page.getByLabel('Description').inputValue(), 'from a link', 'the description');
        const date = await page.getByLabel('Expiration date').inputValue();
        assert.ok([before, dayIn45()].includes(date), date); // midnight may have passed since
        for (const scope of ['account:read', 'token:read']) {
            await becomes(() => page.getByRole('checkbox', {name: scope, exact: true}).isChecked(), true, scope);
        }
        assert.equal(await page.getByRole('checkbox', {name: 'token:write', exact: true}).isChecked(), false);
        await page.getByText('Show as command').click();
        await page.getByLabel('Command').getByText("latchkey token create -n 'ci <b>' -d 'from a link' -e 45d -s account:read,token:read").waitFor();
        assert.equal(await page.getByRole('dialog').count(), 0, 'a link makes nothing by itself');
    },

    // A slow network and an answer that is lost: asked for again, it is the same token, not a second.
    async slowNetwork(browser) {
        const page = await open(browser);
        await fillForm(page, 'only-one', ['account:read']);
        let lost = 0;
        let goOn;
        const wasPressedTwice = new Promise((resolve) => {
            goOn = resolve;
        });
        await page.route((url) => url.pathname === '/v1/tokens', async (route) => {
            if (route.request().method() !== 'POST') return route.fallback();
            const response = await route.fetch();
            await wasPressedTwice;
            if (++lost === 1) return route.abort();
            return route.fulfill({response});
        });
        await button(page, 'Create token').click();
        await button(page, 'Creating…').click({force: true});
        goOn();
        await page.getByText('The server cannot be reached.').waitFor();
        assert.equal(lost, 1, 'an impatient second click sends nothing');
        await becomes(() => page.getByLabel('Name', {exact: true}).inputValue(), 'only-one', 'the name');
        await button(page, 'Create token').click();
        await page.getByRole('dialog', {name: 'Your new token'}).waitFor();
        const secret = await page.getByLabel('Secret', {exact: true}).inputValue();
        assert.equal((await whoIs(secret)).body.name, 'only-one');
        await page.getByLabel('I have saved it in a safe place').check();
        await button(page, 'Done').click();
        await row(page, 'only-one');
        await becomes(() => page.getByRole('rowheader').count(), 1, 'the tokens in the list');
    },

    // What the first page costs, as it comes over the wire.
    async budgets(browser) {
        const page = await watchedPage(browser);
        const files = new Set();
        page.on('request', (request) => {
            const {pathname} = new URL(request.url());
            if (/\.(js|css)$/.test(pathname)) files.add(pathname);
        });
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
        await showsTokens(page);
        await page.waitForLoadState('networkidle');
        const sizes = {js: 0, css: 0};
        for (const path of files) {
            const answer = await fetch(input.url + path, {headers: {'Accept-Encoding': 'gzip'}});
            sizes[path.split('.').pop()] += Number(answer.headers.get('content-length'));
            await answer.arrayBuffer();
        }
        assert.ok([...files].filter((path) => path.endsWith('.js')).length <= 4, 'few files: ' + [...files].join(' '));
        console.log(JSON.stringify(sizes));
        assert.ok(sizes.js > 0 && sizes.js <= 200_000, 'scripts: ' + sizes.js);
        assert.ok(sizes.css > 0 && sizes.css <= 15_000, 'sheets: ' + sizes.css);
        assert.deepEqual(troubles, []);
    },

    // The list is asked for before the scripts of the page are there, and once.
    async firstRequests(browser) {
        const page = await open(browser);
        let listAsked;
        const listIsAsked = new Promise((resolve) => {
            listAsked = resolve;
        });
        const asked = [];
        page.on('request', (request) => {
            const {pathname} = new URL(request.url());
            asked.push(pathname);
            if (pathname === '/v1/tokens') listAsked();
        });
        await page.route(/\/assets\/(index|first)-[^/]*\.js$/, async (route) => {
            await listIsAsked;
            await route.fallback();
        });
        await page.reload();
        await page.getByText('You have no tokens yet').waitFor();
        await page.waitForLoadState('networkidle');
        assert.ok(asked.some((path) => /^\/assets\/index-/.test(path)), asked.join(' '));
        for (const path of ['/v1/users/me', '/v1/tokens']) {
            assert.equal(asked.filter((one) => one === path).length, 1, path + ': ' + asked.join(' '));
        }
        // Who is not logged in lands at the login, though the answers come before the page.
        await page.context().clearCookies();
        await page.reload();
        await page.waitForURL('**/login?next=*');
        await page.getByText('Your session has ended').waitFor();
        // And a search is what stands in the address.
        asked.length = 0;
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens + '?q=nothing-like-it'));
        await page.getByText('No token fits').waitFor();
        await page.reload();
        await page.getByText('No token fits').waitFor();
    },
};

await run(kScenarios, ['--host-resolver-rules=MAP latchkey.lan 127.0.0.1']);
