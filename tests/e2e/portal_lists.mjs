// The list of tokens: found, chosen, exported, and long.
//     node portal_lists.mjs <scenario> <input as JSON>
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {becomes, input, isAccessible, run, showsTokens, watchedPage, logIn} from './browser.mjs';
import {button, hears, kTokens, open, row} from './portal_steps.mjs';

const kMany = 10_000;

// Ten thousand tokens, a page at a time, as the server sends them: what is measured is the page.
function token(n) {
    const id = '01890000-0000-7000-8000-' + n.toString(16).padStart(12, '0');
    return {
        id, name: 'row-' + n, description: n % 3 === 0 ? 'made for measuring' : '', kind: n % 2 ? 'jwt' : 'opaque', api: 'latchkey',
        audience: 'latchkey', owner: '01890000-0000-7000-8000-000000000000', scopes: ['account:read', 'token:read', 'token:write'],
        allowedIps: [], state: n % 7 === 0 ? 'revoked' : 'active', createdAt: '2026-11-01T00:00:00.000Z',
        updatedAt: '2026-11-01T00:00:00.000Z', expiresAt: n % 5 === 0 ? null : '2099-01-01T00:00:00.000Z',
        lastUsedAt: n % 2 ? '2026-11-20T00:00:00.000Z' : null, generation: 1, uses7d: [0, 1, 2, 3, 4, 5, n % 9],
    };
}

async function serveMany(page, asked) {
    await page.route((url) => url.pathname === '/v1/tokens', async (route) => {
        const search = new URL(route.request().url()).searchParams;
        const limit = Number(search.get('limit'));
        const after = Number(search.get('after') ?? kMany + 1);
        const tokens = [];
        for (let n = after - 1; n > 0 && tokens.length < limit; --n) tokens.push(token(n));
        asked.push(tokens.length);
        const last = after - tokens.length;
        await route.fulfill({
            json: tokens,
            headers: last > 1 ? {Link: `</v1/tokens?limit=${limit}&include=usage&after=${last}>; rel="next"`} : {},
        });
    });
}

const loaded = (page) => page.locator('table').evaluate((table) =>
    Number(table.getAttribute('aria-rowcount') ?? table.rows.length) - 1);

async function loadAll(page, count) {
    const end = Date.now() + 240_000;
    while (await loaded(page) < count && Date.now() < end) {
        await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
        await page.waitForTimeout(50);
    }
    assert.equal(await loaded(page), count);
}

// What is drawn may be higher than was thought, and then the end has moved.
async function scrollTill(page, y, locator) {
    await becomes(async () => {
        await page.evaluate((where) => scrollTo(0, where === 'end' ? document.body.scrollHeight : 0), y);
        return await locator.count() > 0;
    }, true, `at the ${y}: ${locator}, drawn,`);
    await locator.first().waitFor();
}

// From one end to the other in steps, as a hand on the wheel: how long each frame took.
async function scrollThrough(page, pixels) {
    const meter = await page.context().newCDPSession(page);
    // Time of the page's main thread on a core: what others do on the machine does not count.
    await meter.send('Performance.enable', {timeDomain: 'threadTicks'});
    const busy = async () => (await meter.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value;
    const before = await busy();
    const frames = await framesOf(page, pixels);
    return {...frames, mainThreadMsPerFrame: (await busy() - before) * 1000 / frames.frames};
}

function framesOf(page, pixels) {
    return page.evaluate(async (step) => {
        const frames = [];
        let most = 0;
        scrollTo(0, 0);
        await new Promise(requestAnimationFrame);
        let last = performance.now();
        for (let at = 0; at < step * 300; at += step) {
            scrollTo(0, at);
            await new Promise(requestAnimationFrame);
            const now = performance.now();
            frames.push(now - last);
            last = now;
            most = Math.max(most, document.getElementsByTagName('*').length);
        }
        frames.sort((a, b) => a - b);
        return {frames: frames.length, median: frames[150], p95: frames[284], worst: frames[299], elements: most};
    }, pixels);
}

const kScenarios = {
    // Search and filters stand in the address; several tokens are stopped at once.
    async many(browser) {
        const page = await open(browser);
        const names = () => page.getByRole('rowheader').allTextContents();
        await row(page, 'bulk-6');
        await page.getByLabel('Search tokens').fill('bulk-3');
        await page.waitForURL('**?q=bulk-3');
        await page.getByRole('rowheader', {name: 'bulk-6'}).waitFor({state: 'detached'});
        await becomes(names, ['bulk-3'], 'the list');
        await page.reload();
        await row(page, 'bulk-3');
        await becomes(names, ['bulk-3'], 'the list');
        await page.getByLabel('Search tokens').fill('nothing like it');
        await page.getByText('No token fits').waitFor();
        await isAccessible(page, 'a search without a result');
        await page.goto(kTokens + '?sort=name');
        await row(page, 'bulk-1');
        await becomes(async () => (await names()).slice(0, 3), ['bulk-1', 'bulk-2', 'bulk-3'], 'the list by name');
        await page.getByLabel('Choose all').check();
        await page.getByText('6 tokens chosen').waitFor();
        await isAccessible(page, 'chosen tokens');
        await button(page, 'Revoke chosen…').click();
        await page.getByRole('alertdialog', {name: 'Revoke 6 tokens?'}).waitFor();
        await becomes(() => button(page, 'Revoke tokens').isDisabled(), true, 'the button, disabled,');
        await page.getByLabel('Type 6 to confirm').fill('6');
        await button(page, 'Revoke tokens').click();
        await page.getByText('6 tokens revoked').first().waitFor();
        await page.getByLabel('State').selectOption('revoked');
        await page.waitForURL('**state=revoked**');
        await row(page, 'bulk-6');
        await becomes(async () => (await names()).length, 6, 'the revoked tokens');
        await page.getByLabel('State').selectOption('active');
        await page.getByText('No token fits').waitFor();
    },

    // Which columns are shown is remembered by this browser.
    async columns(browser) {
        const page = await open(browser);
        await row(page, 'bulk-1');
        const heads = async () => (await page.getByRole('columnheader').allTextContents()).filter(Boolean);
        await becomes(heads, ['Name', 'State', 'Scopes', 'Last used', 'Expires', 'Actions'], 'the columns');
        await button(page, 'Columns').click();
        await page.getByRole('menuitemcheckbox', {name: 'Created'}).click();
        await page.getByRole('menuitemcheckbox', {name: 'Kind'}).click();
        await page.getByRole('menuitemcheckbox', {name: 'Scopes'}).click();
        await isAccessible(page, 'the chooser of columns');
        await page.keyboard.press('Escape');
        await page.getByRole('menu').waitFor({state: 'detached'});
        // The one menu of all rows opens from the keyboard, and gives the focus back.
        const actions = button(page, 'Actions for bulk-2');
        await actions.press('Enter');
        await page.getByRole('menu', {name: 'Actions for bulk-2'}).waitFor();
        await isAccessible(page, 'the menu of a row');
        await page.keyboard.press('ArrowDown');
        await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'menuitem');
        await page.keyboard.press('Escape');
        await page.getByRole('menu').waitFor({state: 'detached'});
        await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Actions for bulk-2');
        const chosen = ['Name', 'State', 'Kind', 'Created', 'Last used', 'Expires', 'Actions'];
        await becomes(heads, chosen, 'the columns');
        await page.reload();
        await row(page, 'bulk-1');
        await becomes(heads, chosen, 'the columns');
        await page.evaluate(() => localStorage.setItem('columns', '{"no":["list"]}'));
        await page.reload();
        await row(page, 'bulk-1');
        // What we did not write is not believed.
        await becomes(async () => (await heads()).length, 6, 'the columns');
    },

    // The file holds what is filtered, all pages of it, and nothing that a spreadsheet would run.
    async csv(browser) {
        const page = await open(browser, {acceptDownloads: true});
        await page.getByRole('rowheader').first().waitFor();
        const save = async () => {
            const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'Export as CSV').click()]);
            assert.equal(download.suggestedFilename(), 'latchkey-tokens.csv');
            return readFileSync(await download.path(), 'utf8');
        };
        const text = await save();
        assert.ok(text.startsWith('\ufeff"id","name","description","owner"'), text.slice(0, 60));
        const lines = text.trimEnd().split('\r\n');
        assert.equal(lines.length, 1 + input.names.length, 'one line a token, header first');
        for (const name of input.names) {
            const isFormula = /^[=+\-@\t\uff1d]/.test(name);
            const cell = '"' + (isFormula ? "'" : '') + name.replaceAll('"', '""') + '"';
            assert.ok(text.includes(',' + cell + ','), cell);
        }
        for (const cell of text.slice(1).split(/(?<="),(?=")|\r\n/)) {
            assert.ok(!/^"[=+\-@\t\r\n]/.test(cell), 'a formula: ' + cell);
        }
        assert.ok(!/lkp_[0-9A-Za-z]{20}/.test(text), 'no secret');
        await page.getByLabel('Search tokens').fill('HYPERLINK');
        await page.waitForURL('**q=HYPERLINK');
        await page.getByRole('rowheader').nth(1).waitFor({state: 'detached'});
        assert.equal((await save()).trimEnd().split('\r\n').length, 2, 'only what is filtered');
        await page.getByText('1 token exported').first().waitFor();
    },

    // The server's own pages, one after the other.
    async longList(browser) {
        const page = await open(browser);
        await page.getByRole('rowheader').first().waitFor();
        await loadAll(page, input.count);
        await scrollTill(page, 'end', page.getByRole('rowheader', {name: 'row-1', exact: true}));
        await scrollTill(page, 'top', page.getByRole('rowheader', {name: 'row-' + input.count, exact: true}));
        await isAccessible(page, 'a long list');
    },

    // A page that does not come is said, and asked for again by hand.
    async brokenPage(browser) {
        const page = await watchedPage(browser);
        const asked = [];
        await serveMany(page, asked);
        let isBroken = true;
        await page.route((url) => url.searchParams.has('after'), (route) => isBroken ? route.abort() : route.fallback());
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
        await showsTokens(page);
        await page.getByRole('rowheader').first().waitFor();
        await scrollTill(page, 'end', page.getByText('The server cannot be reached.'));
        await isAccessible(page, 'a list whose next page did not come');
        isBroken = false;
        await button(page, 'Try again').click();
        await page.getByText('The server cannot be reached.').waitFor({state: 'detached'});
        await page.getByRole('rowheader', {name: 'row-9940', exact: true}).waitFor();
    },

    // Ten thousand cost no more than a hundred: only what is near the screen is drawn, and an event
    // elsewhere changes its row, and does not make the list be read again.
    async tenThousand(browser) {
        const page = await watchedPage(browser);
        const asked = [];
        await serveMany(page, asked);
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
        await showsTokens(page);
        await page.getByRole('rowheader', {name: 'row-' + kMany, exact: true}).waitFor();
        assert.ok(asked.length <= 2 && asked[0] <= 50, 'a screenful first: ' + asked);
        await loadAll(page, kMany);
        assert.ok(asked.length <= 60, asked.length + ' requests');
        await scrollTill(page, 'end', page.getByRole('rowheader', {name: 'row-1', exact: true}));
        const drawn = await page.getByRole('rowheader').count();
        assert.ok(drawn < 120, drawn + ' rows are drawn');
        for (const [what, pixels] of [['a wheel', 100], ['a fling', 1900]]) {
            const seen = await scrollThrough(page, pixels);
            console.log(JSON.stringify({what, ...seen}));
            assert.ok(seen.elements < 8000, seen.elements + ' elements');
        }
        await page.evaluate(() => scrollTo(0, 0));
        await isAccessible(page, 'ten thousand tokens');
        await page.getByLabel('Choose all').check();
        await page.getByText('8,572 tokens chosen').waitFor();
        await button(page, 'Choose none').click();
        await hears(page);
        const before = asked.length;
        const made = await (await fetch(input.url + '/v1/tokens', {
            method: 'POST', headers: {Authorization: 'Bearer ' + input.session, 'Content-Type': 'application/json'},
            body: JSON.stringify({name: 'made elsewhere', scopes: []}),
        })).json();
        await page.getByRole('rowheader', {name: 'made elsewhere'}).waitFor();
        await becomes(() => loaded(page), kMany + 1, 'what is loaded');
        await fetch(`${input.url}/v1/tokens/${made.id}/suspend`, {method: 'POST', headers: {Authorization: 'Bearer ' + input.session}});
        await (await row(page, 'made elsewhere')).getByText('Suspended').waitFor();
        assert.equal(asked.length, before, 'the list was read again');
    },
};

await run(kScenarios);
