// What a person does when the command line has opened the browser: logs in, sees what asks, decides
// by keyboard, and is sent back to the command line. Run by web_login_test.py.
import assert from 'node:assert/strict';
import {createServer} from 'node:http';
import {becomes, input, isAccessible, logIn, run, troubles, watchedPage} from './browser.mjs';
import {button, photograph} from './portal_steps.mjs';

async function asked(browser, options) {
    const page = await watchedPage(browser, options);
    await logIn(page, input.password, input.path);
    await page.getByText('latchkey-cli', {exact: true}).waitFor();
    return page;
}

const focused = (page) => page.evaluate(() => document.activeElement?.textContent || document.activeElement?.getAttribute('autocomplete'));

async function isBack(page, words) {
    await page.waitForURL((url) => url.href.startsWith(input.callback));
    await page.getByRole('heading', {name: words, level: 1}).waitFor();
}

await run({
    async approve(browser) {
        const page = await asked(browser);
        for (const fact of [input.host, '127.0.0.1', new URL(input.callback).host]) await page.getByText(fact, {exact: true}).waitFor();
        await page.getByText('Never approve a login that you did not begin yourself.').waitFor();
        await photograph(page, 'authorize');
        await isAccessible(page, 'authorize');
        await becomes(() => button(page, 'Approve').isDisabled(), true, 'the button, disabled,');
        const password = page.getByLabel('Password', {exact: true});
        await password.fill('wrong');
        await password.press('Enter');
        await page.getByRole('alert').getByText(/password is wrong/i).waitFor();
        await isAccessible(page, 'authorize, refused');
        await password.fill(input.password);
        // Esc decides nothing; Tab leads to both answers.
        await password.press('Escape');
        const seen = [];
        for (let i = 0; i < 6 && !seen.includes('Approve'); ++i) {
            await page.keyboard.press('Tab');
            seen.push(await focused(page));
        }
        assert.ok(seen.includes('Deny') && seen.indexOf('Deny') < seen.indexOf('Approve'), seen.join());
        await page.keyboard.press('Enter');
        await isBack(page, 'The command line is logged in.');
        await isAccessible(page, 'callback');
        await page.getByText('You can close this window.').waitFor();
        await becomes(() => page.title(), 'The command line is logged in. · Latchkey', 'the title');
        // The page that asked is not behind this one: nothing is left there to decide about.
        await page.goBack();
        assert.ok(!page.url().includes('request_uri='), page.url());
    },
    async deny(browser) {
        const page = await watchedPage(browser, {locale: 'de-DE', viewport: {width: 320, height: 640}});
        await page.goto(input.path);
        await page.getByLabel('E-Mail').fill(input.email);
        await page.getByLabel('Passwort', {exact: true}).fill(input.password);
        await button(page, 'Anmelden').click();
        await button(page, 'Ablehnen').press('Space');
        await isBack(page, 'Die Anmeldung wurde abgelehnt.');
        await becomes(() => page.evaluate(() => document.documentElement.lang), 'de', 'the language');
        await isAccessible(page, 'callback, refused');
    },
    // Nothing waits: too old, decided about, made up, or not said at all.
    async nothing(browser) {
        const page = await watchedPage(browser);
        await logIn(page, input.password, '/authorize?client_id=latchkey-cli&request_uri=urn:ietf:params:oauth:request_uri:' + 'a'.repeat(32));
        await page.getByText('No command line waits for this page').waitFor();
        await isAccessible(page, 'authorize, unknown');
        // What a link says counts for nothing: the command line has to have pushed it.
        await page.goto('/authorize?client_id=latchkey-cli&response_type=code&redirect_uri=https%3A%2F%2Fevil.example%2F&state=x');
        await page.getByText('No command line opened this page').waitFor();
        await isAccessible(page, 'authorize, nothing asked');
        assert.equal(await button(page, 'Approve').count(), 0);
    },
    async framed(browser) {
        const inside = await asked(browser);
        const evil = createServer((_, answer) => {
            answer.setHeader('Content-Type', 'text/html');
            answer.end(`<!doctype html><title>evil</title><iframe src="${input.url}${input.path}"></iframe>
<form method="post" action="${input.url}/v1/device/${input.name}" enctype="text/plain"><input name='{"approve":true,"password":"x","a":"' value='"}'></form>`);
        });
        await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
        try {
            const page = await inside.context().browser().newPage({storageState: await inside.context().storageState()});
            await page.goto(`http://localhost:${evil.address().port}`);
            await page.waitForLoadState('networkidle');
            const frame = page.frames()[1];
            assert.equal(await frame.evaluate(() => document.querySelector('#root')?.childElementCount ?? 0).catch(() => 0), 0, 'framed');
            const [answer] = await Promise.all([page.waitForResponse((response) => response.url().endsWith(input.name)), page.evaluate(() => document.forms[0].submit())]);
            assert.ok([401, 403].includes(answer.status()), 'posted: ' + answer.status());
        } finally {
            evil.close();
        }
        await inside.reload();
        await button(inside, 'Approve').waitFor(); // it still waits
        troubles.length = 0;
    },
});
