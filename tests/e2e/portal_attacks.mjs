// What somebody tries who wants in, or wants what others have.
//     node portal_attacks.mjs <scenario> <input as JSON>
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {becomes, input, logIn, matches, run, showsTokens, troubles, watch, watchedPage} from './browser.mjs';
import {button, create, fillForm, kTokens, open} from './portal_steps.mjs';

async function settled(page, path) {
    await page.goto(path);
    await page.locator('h1').first().waitFor(); // behind a question it has no role
    await page.getByRole('status', {name: 'Loading'}).first().waitFor({state: 'detached'});
}

// Nothing of what was written was read as markup, and no markup of ours swallowed what follows.
async function isInert(page, where) {
    const found = await page.evaluate(() => ({
        ran: window.pwned ?? 0,
        made: document.querySelectorAll('#root script, img[src="x"], svg[onload], iframe, object, embed, base, form[action], ' +
            '[onerror], [onclick], [style*="naughty"], a[href^="javascript:" i], a[target="_blank"]').length,
    }));
    assert.deepEqual(found, {ran: 0, made: 0}, where);
}

const kScenarios = {
    // Every field holds what attackers write there; every page shows it as text.
    async naughtyEverywhere(browser) {
        const page = await open(browser);
        for (const path of input.paths) {
            await settled(page, path);
            await isInert(page, path);
        }
        for (const [path, names] of Object.entries(input.texts)) {
            await settled(page, path);
            for (const name of names) {
                // As it was written, letter by letter, in one element.
                await page.waitForFunction((wanted) => [...document.querySelectorAll('main *')].some((e) =>
                    e.textContent === wanted || (e.tagName === 'OPTION' && e.text.includes(wanted))), name);
            }
        }
        await page.keyboard.press('Control+k');
        await page.getByRole('combobox', {name: 'Search and commands'}).fill('alert');
        await page.getByRole('option').first().waitFor();
        await isInert(page, 'the palette');
    },

    // The address after the login is ours, whatever the link says.
    async redirects(browser) {
        const page = await watchedPage(browser);
        for (const next of input.targets) {
            await page.context().clearCookies();
            await logIn(page, input.password, '/login?next=' + next);
            await page.waitForURL((url) => url.pathname !== '/login');
            const url = new URL(page.url());
            assert.equal(url.origin, new URL(input.url).origin, next);
            assert.ok(!url.pathname.startsWith('//'), next + ' led to ' + page.url());
        }
    },

    // Nobody else's page holds ours in a frame, opens it with a handle, or talks to it.
    async frames(browser) {
        const evil = createServer((_, answer) => {
            answer.setHeader('Content-Type', 'text/html');
            answer.end(`<!doctype html><title>evil</title><iframe src="${input.url}${kTokens}" width="900" height="600"></iframe>`);
        });
        await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
        const there = `http://localhost:${evil.address().port}`;
        try {
            const context = await browser.newContext();
            const page = await context.newPage();
            await page.goto(there);
            const frame = page.frames()[1];
            await page.waitForLoadState('networkidle');
            assert.equal(await frame.evaluate(() => document.querySelector('#root')?.childElementCount ?? 0).catch(() => 0), 0, 'framed');
            assert.notEqual(frame.url(), input.url + kTokens);
            const [popup] = await Promise.all([
                page.waitForEvent('popup'),
                page.evaluate((url) => { window.opened = window.open(url); }, input.url + '/login'),
            ]);
            await popup.getByRole('heading', {name: 'Log in'}).waitFor();
            assert.equal(await page.evaluate(() => window.opened.closed), true, 'the handle is cut (COOP)');
            assert.equal(await popup.evaluate(() => window.opener), null);
            await context.close();
        } finally {
            evil.close();
        }
        const page = await open(browser);
        // Told by a message that the session has ended, or that a page should be opened: nothing.
        await page.evaluate(() => {
            for (const data of ['ended', {type: 'navigate', to: '//evil.example'}, 'began']) postMessage(data, '*');
        });
        assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
        await showsTokens(page);
    },

    // After Done a secret is nowhere: not in the page, its history, any storage, any cache, the console.
    async traces(browser) {
        const context = await browser.newContext({baseURL: input.url, locale: 'en-GB'});
        const page = await watch(context);
        const said = [];
        page.on('console', (message) => said.push(message.text()));
        const addresses = [];
        page.on('framenavigated', (frame) => addresses.push(frame.url()));
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
        await showsTokens(page);
        const secret = await create(page, 'gone');
        await button(page, 'Try it').click();
        await button(page, 'Test now').click();
        await page.getByLabel('Answer').getByText('200').waitFor();
        await page.getByLabel('I have saved it in a safe place').check();
        await button(page, 'Done').click();
        await showsTokens(page);
        const isGone = async (where) => {
            const left = await page.evaluate(async (wanted) => {
                const places = {
                    page: document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea')].map((e) => e.value).join(),
                    address: location.href + JSON.stringify(history.state) + document.title + document.cookie,
                    storage: JSON.stringify([{...localStorage}, {...sessionStorage}]),
                    caches: JSON.stringify(await Promise.all((await caches.keys()).map((name) => caches.open(name)))),
                    databases: JSON.stringify(await indexedDB.databases()),
                    window: Object.values(window).filter((value) => typeof value === 'string').join(),
                };
                return Object.keys(places).filter((name) => places[name].includes(wanted));
            }, secret);
            assert.deepEqual(left, [], where);
        };
        await isGone('after Done');
        await page.goBack();
        await page.goForward();
        await isGone('after back and forward');
        assert.deepEqual(said.filter((line) => line.includes(secret)), []);
        assert.deepEqual(addresses.filter((line) => line.includes(secret)), []);
        const heap = await page.context().newCDPSession(page);
        await heap.send('HeapProfiler.enable');
        await heap.send('HeapProfiler.collectGarbage');
        const state = JSON.stringify(await context.storageState());
        assert.equal(state.includes(secret), false);
    },

    // The private half of a pair that is pasted by mistake does not leave the page.
    async privateKey(browser) {
        const page = await open(browser);
        const sent = [];
        page.on('request', (request) => sent.push(request.postData() ?? ''));
        const pem = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----';
        const jwk = '{"kty":"EC","crv":"P-256","x":"a","y":"b","d":"the-private-half"}';
        await button(page, 'New token').click();
        await page.getByLabel('Kind').selectOption('key');
        await page.getByLabel('Name', {exact: true}).fill('a-key-token');
        for (const text of [pem, jwk, `{"keys":[${jwk}]}`]) {
            await page.getByLabel('Public key').fill(text);
            await page.getByText('This is the private half.').first().waitFor();
            await button(page, 'Create token').click();
            await page.getByRole('alert').getByText('This is the private half.').waitFor();
        }
        assert.deepEqual(sent.filter((body) => /PRIVATE KEY|the-private-half/.test(body)), []);
    },

    // A command that is copied from the page is one line for the shell, whatever a name holds.
    async commands(browser) {
        const page = await open(browser);
        await fillForm(page, "x'; rm -rf ~; echo '\u001b[2J\u0003$(id)`id`", []);
        await page.getByText('Show as command').click();
        const command = page.getByLabel('Command', {exact: true});
        const quoted = "-n $'x\\'; rm -rf ~; echo \\'\\u001b[2J\\u0003$(id)`id`' ";
        await becomes(async () => (await command.textContent()).includes(quoted), true, 'the command with ' + quoted);
        await page.getByLabel('Name', {exact: true}).fill('--yes');
        await matches(command, /create -n--yes /);
    },

    // A token that is pasted into the inspector is somebody else's text.
    async inspector(browser) {
        const page = await open(browser);
        await page.goto('/developer/inspector');
        const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const tokens = [
            [null, null], [[], []], [{alg: 'none'}, {exp: 1e300, iat: '<b>', aud: [{}, null]}],
            [{alg: 'ES256', kid: '__proto__'}, {iss: '<img src=x onerror=pwned=1>', scope: 'a '.repeat(20_000), sub: {}}],
        ];
        for (const [header, claims] of tokens) {
            await page.getByLabel('Token', {exact: true}).fill(`${encode(header)}.${encode(claims)}.AAAA`);
            await page.waitForTimeout(200);
            await page.getByRole('heading', {name: 'Inspector', level: 1}).waitFor();
            assert.equal(await page.getByText('This page could not be shown').count(), 0, JSON.stringify(claims).slice(0, 60));
            await isInert(page, 'inspector');
        }
    },

    // The files of a new version have other names: an old tab says so, and its frame stays.
    async upgraded(browser) {
        const page = await open(browser);
        await page.route((url) => /\/assets\/.*system.*\.js$/.test(url.pathname), (route) => route.fulfill({status: 404, body: ''}));
        await page.getByRole('link', {name: 'System', exact: true}).click();
        await page.getByText('This page could not be shown').waitFor();
        await page.getByRole('navigation', {name: 'Main'}).waitFor();
        await page.getByRole('link', {name: 'Inspector', exact: true}).click();
        await page.getByRole('heading', {name: 'Inspector', level: 1}).waitFor();
        troubles.splice(0, troubles.length, ...troubles.filter((one) => !one.includes('Failed to fetch dynamically imported')));
    },
};

await run(kScenarios);
