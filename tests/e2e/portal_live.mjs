// What happens elsewhere, or to the server, while a page of the portal is open.
//     node portal_live.mjs <scenario> <input as JSON>
import {becomes, input, isAccessible, logIn, run, watchedPage} from './browser.mjs';
import {button, call, hears, kTokens, open, row} from './portal_steps.mjs';

// The first request there is held back: what it gets is asked for by `ready`, and comes when it is
// released.
async function hold(page, pattern, ready = async () => undefined) {
    const held = {};
    const released = new Promise((resolve) => held.release = resolve);
    held.asked = new Promise((resolve) => {
        void page.route(pattern, async (route) => {
            const response = await ready(route);
            resolve();
            await released;
            await (response ? route.fulfill({response}) : route.continue());
        }, {times: 1});
    });
    return held;
}

// As when the person goes to another tab, or comes back.
function look(page, state) {
    return page.evaluate((now) => {
        Object.defineProperty(document, 'visibilityState', {value: now, configurable: true});
        document.dispatchEvent(new Event('visibilitychange', {bubbles: true}));
    }, state);
}

const kScenarios = {
    // What is done elsewhere appears without a reload.
    async live(browser) {
        const page = await open(browser);
        await hears(page);
        const line = await row(page, 'ci-deploy');
        await line.getByText('Active').waitFor();
        await call('POST', `/v1/tokens/${input.token}/suspend`);
        await line.getByText('Suspended').waitFor();
        await call('POST', `/v1/tokens/${input.token}/resume`);
        await line.getByText('Active').waitFor();
    },

    // What changes after a page was read and before its stream of events begins is not lost.
    async beforeTheStream(browser) {
        const page = await watchedPage(browser);
        const held = await hold(page, '**/v1/events/stream*');
        await logIn(page, input.password, '/login?next=' + encodeURIComponent(kTokens));
        await (await row(page, 'ci-deploy')).getByText('Active').waitFor();
        await held.asked;
        await call('POST', `/v1/tokens/${input.token}/suspend`);
        held.release();
        await (await row(page, 'ci-deploy')).getByText('Suspended').waitFor();
        // Nor what changes while nobody looks at the page, and nobody listens.
        await hears(page);
        await look(page, 'hidden');
        await call('POST', `/v1/tokens/${input.token}/resume`);
        await look(page, 'visible');
        await (await row(page, 'ci-deploy')).getByText('Active').waitFor();
    },

    // An answer that was under way when the change was told is older than it.
    async beforeTheAnswer(browser) {
        const page = await open(browser);
        await hears(page);
        const held = await hold(page, '**/v1/users?*', (route) => route.fetch());
        await page.getByRole('link', {name: 'Users', exact: true}).click();
        await held.asked;
        const told = page.waitForRequest('**/v1/users/me');
        await call('PATCH', '/v1/users/' + input.user, {name: 'Rear Admiral Hopper'});
        await told;
        held.release();
        await page.getByRole('link', {name: 'Rear Admiral Hopper'}).waitFor();
    },

    // What could not be read again is not called live, and is read when it can be.
    async failedReading(browser) {
        const page = await open(browser);
        await hears(page);
        let fails = true;
        await page.route('**/v1/tokens?*', (route) => fails ? route.fulfill({status: 500, json: {detail: 'No.'}}) : route.fallback());
        await call('POST', `/v1/tokens/${input.token}/suspend`);
        await page.getByText('Connecting…', {exact: true}).waitFor();
        await (await row(page, 'ci-deploy')).getByText('Active').waitFor();
        fails = false;
        await (await row(page, 'ci-deploy')).getByText('Suspended').waitFor();
        await hears(page);
    },

    // A server that is away, as while it is restarted, costs nobody what is half filled in; and when
    // it is back, the page hears again by itself.
    async awayAndBack(browser) {
        const page = await open(browser);
        await hears(page);
        await button(page, 'New token').click();
        await page.getByLabel('Name', {exact: true}).fill('half filled in');
        let isAway = true;
        const answer = (route) => isAway ? route.fulfill({status: 503, json: {detail: 'Away.'}}) : route.fallback();
        await page.route('**/v1/**', answer);
        const seen = page.waitForResponse('**/v1/users/me');
        await look(page, 'hidden');
        await look(page, 'visible');
        await seen;
        await page.getByText('Live', {exact: true}).waitFor({state: 'detached'});
        await becomes(() => page.getByLabel('Name', {exact: true}).inputValue(), 'half filled in', 'the name');
        isAway = false;
        await hears(page);
        await becomes(() => page.getByLabel('Name', {exact: true}).inputValue(), 'half filled in', 'the name');
        // Nor what is half filled in over something that would be read again just now.
        await page.goto(`${kTokens}/${input.token}?tab=projects`);
        await button(page, 'Add statement').click();
        await page.getByLabel('Actions', {exact: true}).fill('license:read');
        await page.clock.setFixedTime(Date.now() + 60_000);
        let asked = 0;
        page.on('request', (request) => asked += Number(new URL(request.url()).pathname === '/v1/tokens/' + input.token));
        isAway = true;
        await page.evaluate(() => dispatchEvent(new Event('visibilitychange')));
        await becomes(() => asked, 3, 'how often it was asked for');
        await page.getByText('ci-deploy').first().waitFor();
        await becomes(() => page.getByLabel('Actions', {exact: true}).inputValue(), 'license:read', 'the statement');
        isAway = false;
        // What could not be read is read when it is back.
        isAway = true;
        await look(page, 'hidden');
        await look(page, 'visible');
        await page.getByText('Live', {exact: true}).waitFor({state: 'detached'});
        await page.getByRole('link', {name: 'Roles', exact: true}).click();
        await page.getByText('Away.').waitFor();
        isAway = false;
        await page.getByRole('heading', {name: 'administrator'}).waitFor();
        // And the page itself, if that was asked for meanwhile.
        isAway = true;
        await page.reload();
        await page.getByRole('heading', {name: 'Latchkey does not answer'}).waitFor();
        await isAccessible(page, 'a server that does not answer');
        isAway = false;
        await page.getByRole('heading', {name: 'administrator'}).waitFor();
    },
};

await run(kScenarios);
