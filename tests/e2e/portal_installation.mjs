// Settings, rules, the palette, and the commands beside the forms.
//     node portal_installation.mjs <scenario> <input as JSON>
import assert from 'node:assert/strict';
import {becomes, input, isAccessible, isFocused, logIn, matches, run, watchedPage, watchTab} from './browser.mjs';
import {button, call, chooseAction, hears, kTokens, open, photograph, row, whoIs} from './portal_steps.mjs';

async function go(page, place) {
    await page.getByRole('navigation', {name: 'Main'}).getByRole('link', {name: place, exact: true}).click();
}

const isDisabled = (what) => becomes(() => what.isDisabled(), true, what + ', disabled,');

function hasFocus(page, selector, text) {
    return page.waitForFunction(([wanted, words]) => document.activeElement.matches(wanted) &&
        document.activeElement.textContent === words, [selector, text]);
}

// It gets the focus, and has it still when everything that was due by then has run: the page's own
// timers and transitions are all shorter than this one.
async function keepsFocus(page, locator) {
    await isFocused(locator);
    await page.evaluate(() => new Promise((next) => setTimeout(next, 400)));
    const active = await page.evaluate(() => document.activeElement.outerHTML.slice(0, 200));
    assert.ok(await locator.evaluate((element) => element === document.activeElement), 'it went to ' + active);
}

const kScenarios = {
    // What the form gives is what the server has, and two people do not overwrite each other.
    async settings(browser) {
        const page = await open(browser);
        await go(page, 'Settings');
        await page.getByRole('heading', {name: 'Settings', level: 1}).waitFor();
        await isDisabled(button(page, 'Save settings'));
        await hears(page);
        await isAccessible(page, 'settings');
        await page.getByLabel('Usual kind').selectOption('opaque');
        await page.getByLabel('Usual life in days').fill('90');
        await page.getByLabel('Allowed origins').fill('https://app.example.com\nhttps://Bad.example.com/path');
        await page.getByText('Show as command').click();
        await page.getByLabel('curl', {exact: true}).getByText('"defaultLifeDays": 90').waitFor();
        await button(page, 'Save settings').click();
        await page.getByRole('alert').getByText(/origin is https/).waitFor();
        await isAccessible(page, 'settings that were refused');
        await page.getByLabel('Allowed origins').fill('https://app.example.com');
        await button(page, 'Save settings').click();
        await page.getByText('Settings saved').first().waitFor();
        const stored = await call('GET', '/v1/settings');
        assert.deepEqual([stored.defaultKind, stored.defaultLifeDays, stored.corsOrigins],
            ['opaque', 90, ['https://app.example.com']]);
        await page.getByLabel('Usual life in days').fill('30');
        await call('PUT', '/v1/settings', {defaultKind: 'jwt', defaultLifeDays: 60, corsOrigins: []});
        await page.getByText('Somebody else has changed this meanwhile').waitFor();
        await isDisabled(button(page, 'Save settings'));
        await isAccessible(page, 'settings that were changed elsewhere');
        await button(page, 'Load what stands now').click();
        await becomes(() => page.getByLabel('Usual life in days').inputValue(), '60', 'the life');
        await becomes(() => page.getByLabel('Usual kind').inputValue(), 'jwt', 'the kind');
        await call('PUT', '/v1/settings', {defaultKind: 'jwt', defaultLifeDays: 45, corsOrigins: []});
        await page.waitForFunction(() => document.getElementById('settings-life').value === '45');
        await photograph(page, 'settings');
    },

    // The settings' word counts for who says nothing; the form of a token says everything.
    async formSaysAll(browser) {
        await call('PUT', '/v1/settings', {defaultKind: 'opaque', defaultLifeDays: 10, corsOrigins: []});
        const page = await open(browser);
        await button(page, 'New token').click();
        await page.getByLabel('Name', {exact: true}).fill('said');
        await page.getByText('Show as command').click();
        await page.getByLabel('Command', {exact: true}).getByText("latchkey token create -n said -e none --kind jwt").waitFor();
        await button(page, 'Create token').click();
        await page.getByRole('dialog', {name: 'Your new token'}).waitFor();
        const self = await whoIs(await page.getByLabel('Secret', {exact: true}).inputValue());
        assert.deepEqual([self.body.kind, self.body.expiresAt], ['jwt', null]);
        await page.getByLabel('I have saved it in a safe place').check();
        await button(page, 'Done').click();
    },

    // Nothing is saved before the page has said what the rules would have refused.
    async rules(browser) {
        const page = await open(browser);
        await go(page, 'Token rules');
        await page.getByRole('heading', {name: 'Token rules', level: 1}).waitFor();
        await isAccessible(page, 'token rules');
        await page.getByLabel('Longest life in days').fill('30');
        await page.getByRole('checkbox', {name: 'Key pair'}).uncheck();
        await button(page, 'Show what would change').click();
        await page.getByText('2 live tokens could not be made today').waitFor();
        const list = page.getByRole('list', {name: 'Tokens that could not be made today'});
        await becomes(async () => (await list.getByRole('link').allTextContents()).sort(), ['billing-service', 'ci-deploy'], 'the list');
        await matches(page.getByText('Longest life:').locator('..'), /unlimited.*30 days/);
        await matches(page.getByText('Without an end:').locator('..'), /allowed.*not allowed/);
        await page.getByText('Nothing is saved yet.').waitFor();
        assert.equal((await call('GET', '/v1/token-rules')).maxLifeDays, null);
        await isAccessible(page, 'what token rules would change');
        await photograph(page, 'token-rules');
        await page.getByLabel('Longest life in days').fill('60');
        await button(page, 'Show what would change').click();
        await page.getByText('1 live token could not be made today').waitFor();
        await button(page, 'Save rules').click();
        await page.getByText('Token rules saved').first().waitFor();
        assert.deepEqual(await call('GET', '/v1/token-rules'),
            {maxLifeDays: 60, requireExpiry: false, requireAddresses: false, kinds: ['jwt', 'opaque']});
        assert.equal((await whoIs(input.secret)).status, 200, 'what exists goes on');
        for (const kind of ['Signed token (JWT)', 'Opaque token']) await page.getByRole('checkbox', {name: kind}).uncheck();
        await button(page, 'Show what would change').click();
        await page.getByRole('alert').getByText('Allow one kind at least.').waitFor();
        await button(page, 'Undo changes').click();
        await go(page, 'Access tokens');
        await button(page, 'New token').click();
        await page.getByText('at most 60 days').waitFor();
        await page.getByLabel('Name', {exact: true}).fill('for ever');
        await button(page, 'Create token').click();
        await page.getByRole('alert').getByText(/expir|end/i).first().waitFor();
    },

    // Who may look and not change: no buttons that would fail.
    async readers(browser) {
        const page = await watchedPage(browser);
        input.email = 'reader@example.com';
        await logIn(page, 'a long enough password', '/login?next=/system/settings');
        await page.waitForURL((url) => url.pathname === '/system/settings');
        for (const [heading, path] of [['Settings', '/system/settings'], ['Token rules', '/system/token-rules']]) {
            await page.goto(path);
            await page.getByRole('heading', {name: heading, level: 1}).waitFor();
            await page.getByText('You may look at these, and not change them.').waitFor();
            assert.equal(await page.getByRole('button', {name: /^(Save|Show what)/}).count(), 0);
            await isAccessible(page, heading + ' for who only reads');
        }
        const places = page.getByRole('navigation', {name: 'Main'});
        assert.equal(await places.getByRole('link', {name: 'Users'}).count(), 0);
        const reference = places.getByRole('link', {name: 'API reference'});
        assert.equal(await reference.getAttribute('href'), '/docs');
        await reference.click();
        await page.getByRole('heading', {name: /^Latchkey/}).waitFor();
        await page.getByRole('link', {name: 'Back to the portal'}).click();
        await page.getByRole('heading', {name: /^Hello/, level: 1}).waitFor();
    },

    // Everything from the keyboard alone.
    async palette(browser) {
        const page = await open(browser);
        const field = page.getByRole('combobox', {name: 'Search and commands'});
        const begin = async (words) => {
            await page.keyboard.press('Control+k');
            await isFocused(field);
            await page.keyboard.type(words);
        };
        const isChosen = (name) => page.getByRole('option', {name, selected: true}).waitFor();
        const enter = async (name) => {
            await isChosen(name);
            await page.keyboard.press('Enter');
        };
        const escape = async (opened = field) => {
            await page.keyboard.press('Escape');
            await opened.waitFor({state: 'detached'});
        };
        await begin('');
        await page.getByRole('option', {name: 'Access tokens'}).waitFor();
        await isAccessible(page, 'the palette');
        await photograph(page, 'palette');
        await page.keyboard.press('ArrowDown');
        await isChosen('Access tokens');
        await page.keyboard.press('ArrowUp');
        await page.keyboard.press('ArrowUp');
        await isChosen('Log out'); // from the first to the last
        await escape();

        await begin('token ru');
        await enter('Token rules');
        await page.getByRole('heading', {name: 'Token rules', level: 1}).waitFor();
        await field.waitFor({state: 'detached'});

        await begin('ci-dep');
        await enter(/^ci-deploy/);
        await page.getByRole('heading', {name: 'ci-deploy', level: 1}).waitFor();

        await begin('checkou');
        await enter(/^checkout/);
        await page.getByRole('heading', {name: 'checkout', level: 1}).waitFor();

        await begin(input.key);
        await enter(/^billing-service/);
        await page.getByRole('heading', {name: 'billing-service', level: 1}).waitFor();

        await begin('grace');
        await isChosen(/^Grace Hopper/);
        await page.keyboard.press('Escape'); // and once more, without waiting for its end
        await begin('nothing like it');
        await page.getByText('Nothing is called so.').waitFor();
        await isAccessible(page, 'the palette without a hit');
        await escape();

        await begin('rev ci-dep');
        await enter('Revoke: ci-deploy…');
        await page.getByRole('alertdialog', {name: 'Revoke ci-deploy?'}).waitFor();
        assert.equal((await whoIs(input.secret)).status, 200, 'it asks first');
        await page.keyboard.press('Control+k');
        assert.equal(await field.count(), 0, 'not over a question');
        await escape(page.getByRole('alertdialog'));
        await begin('new tok');
        await enter('New token');
        await page.getByRole('heading', {name: 'New access token'}).waitFor();
        await begin('new proj');
        await enter('New project');
        await page.getByRole('dialog', {name: 'New project'}).waitFor();
        await escape(page.getByRole('dialog'));
        await begin('dark th');
        await enter('Dark theme');
        await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
        await begin('log out');
        await enter('Log out');
        await page.waitForURL('**/login');
    },

    // Who is quicker than the page keeps the keyboard: what opens has the focus, and keeps it.
    async quickHands(browser) {
        const page = await open(browser);
        await go(page, 'Projects');
        await hasFocus(page, 'h1', 'Projects'); // although its file came late
        await go(page, 'Access tokens');
        await hasFocus(page, 'h1', 'Access tokens');
        const palette = page.getByRole('combobox', {name: 'Search and commands'});

        // In one task: nothing can be quicker.
        await page.evaluate(() => {
            document.querySelector('nav a[href="/projects"]').click();
            dispatchEvent(new KeyboardEvent('keydown', {key: 'k', ctrlKey: true}));
        });
        await page.getByRole('heading', {name: 'Projects', level: 1, includeHidden: true}).waitFor();
        await keepsFocus(page, palette);
        await page.keyboard.type('new proj');
        await page.getByRole('option', {name: 'New project', selected: true}).waitFor();
        await page.keyboard.press('Enter');
        const form = page.getByRole('dialog', {name: 'New project'});
        await keepsFocus(page, form.getByLabel('Name', {exact: true}));
        await page.keyboard.press('Escape');
        await form.waitFor({state: 'detached'});

        // A menu that closes does not take the focus from the question that it has opened.
        await page.goto(kTokens);
        await row(page, 'ci-deploy');
        await chooseAction(page, 'ci-deploy', 'Revoke…');
        await keepsFocus(page, page.getByRole('alertdialog').getByRole('button', {name: 'Cancel'}));

        // The question still fades when the next thing is asked for.
        await page.evaluate(() => {
            const press = (key, ctrlKey) => document.activeElement.dispatchEvent(
                new KeyboardEvent('keydown', {key, ctrlKey, bubbles: true, cancelable: true}));
            press('Escape', false);
            return new Promise((next) => setTimeout(() => next(press('k', true))));
        });
        await keepsFocus(page, palette);
        await page.keyboard.press('Escape');
        await palette.waitFor({state: 'detached'});
        await keepsFocus(page, button(page, 'Actions for ci-deploy'));
    },

    // A token that can do more than anybody asked of it is made narrower, after the page said how.
    async shrink(browser) {
        const page = await open(browser);
        await page.getByRole('link', {name: 'ci-deploy'}).click();
        await page.getByRole('heading', {name: '1 scope is not used'}).waitFor();
        await button(page, 'Shrink to what is used…').click();
        const question = page.getByRole('alertdialog', {name: 'Shrink to what is used?'});
        const losing = question.getByRole('group', {name: /It loses these scopes/});
        await losing.getByText('license:write', {exact: true}).waitFor();
        await question.getByRole('group', {name: 'It keeps these scopes:'}).getByText('license:read', {exact: true}).waitFor();
        await question.getByText('No request of that time would have been refused.').waitFor();
        await question.getByText(/named no scope/).waitFor();
        await question.getByText('Show as command').click();
        await question.getByLabel('Command', {exact: true}).getByText(`latchkey token shrink ${input.token} --days 90 --apply`).waitFor();
        await isAccessible(page, 'the question before a token is shrunk');
        await button(page, 'Cancel').click();
        await question.waitFor({state: 'detached'});
        assert.deepEqual((await whoIs(input.secret)).body.scopes, ['license:read', 'license:write'], 'Cancel changes nothing');
        await button(page, 'Shrink to what is used…').click();
        await button(page, 'Shrink token').click();
        await page.getByText('The token has fewer scopes now').first().waitFor();
        await page.getByRole('heading', {name: '1 scope is not used'}).waitFor({state: 'detached'});
        assert.deepEqual((await whoIs(input.secret)).body.scopes, ['license:read']);
    },

    // Who edits a policy keeps what was typed, and saves it over nobody's change.
    async policies(browser) {
        const page = await open(browser);
        const path = `/v1/projects/${input.project}/principals/token/${input.token}/policy`;
        const policy = (action) => ({version: '2022-12-15', statement: [{effect: 'Allow', action: [action], resource: ['*']}]});
        await page.goto(`${kTokens}/${input.token}?tab=projects`);
        await hears(page);
        await button(page, 'Add statement').click();
        const actions = page.getByLabel('Actions', {exact: true});
        await actions.fill('license:read');
        await call('PUT', path, policy('license:write'));
        await page.getByText('Somebody else has changed this meanwhile').waitFor();
        await becomes(() => actions.inputValue(), 'license:read', 'what was typed');
        await isDisabled(button(page, 'Save policy'));
        await isAccessible(page, 'a policy that was changed elsewhere');
        await button(page, 'Load what stands now').click();
        await becomes(() => actions.inputValue(), 'license:write', 'what stands now');
        await actions.fill('license:read, license:write');
        await button(page, 'Save policy').click();
        await page.getByText('Policy saved').first().waitFor();
        assert.deepEqual((await call('GET', path)).statement[0].action, ['license:read', 'license:write']);
        await page.getByText('Somebody else has changed').waitFor({state: 'detached'});
        await call('PUT', path, policy('license:read'));
        await page.waitForFunction(() => [...document.querySelectorAll('input')].some((e) => e.value === 'license:read'));
    },

    // Two tabs change the same role, then the same catalogue. One of them hears nothing from the
    // server, so it learns of the other's change by being refused.
    async twoTabs(browser) {
        await call('POST', '/v1/roles', {name: 'auditor', patterns: {latchkey: ['account:read']}});
        const first = await open(browser);
        const second = watchTab(await first.context().newPage());
        await first.route('**/v1/events/stream*', (route) => route.abort());
        const edit = async (page, path, find, title) => {
            await page.goto(path);
            await find(page).click();
            await page.getByRole('dialog', {name: title}).waitFor();
            return page.getByRole('dialog').getByLabel('Scopes', {exact: true});
        };
        const cases = [{
            path: '/access/roles', title: 'Edit role', find: (page) => button(page, 'Edit'),
            stored: async () => (await call('GET', '/v1/roles')).find((role) => role.name === 'auditor').patterns.latchkey.sort().join(),
            texts: ['latchkey: account:read event:read', 'latchkey: account:read token:read', 'latchkey: account:read token:read event:read'],
            ends: ['account:read,token:read', 'account:read,event:read,token:read'],
        }, {
            path: '/access/apis', title: /^Catalogue of/, find: (page) => button(page, 'Edit catalogue'),
            stored: async () => (await call('GET', '/v1/apis/licensing/scopes')).map((scope) => scope.name).join(),
            texts: ['license:read', 'license:read\nlicense:write', 'license:read\nlicense:write\nproduct:read'],
            ends: ['license:read,license:write', 'license:read,license:write,product:read'],
        }];
        for (const {path, title, find, stored, texts, ends} of cases) {
            const field = await edit(first, path, find, title);
            await field.fill(texts[0]);
            const other = await edit(second, path, find, title);
            await other.fill(texts[1]);
            await button(second, 'Save').click();
            await second.getByText('Saved', {exact: true}).first().waitFor();
            assert.equal(await first.getByText('Somebody else has changed this meanwhile').count(), 0);
            await button(first, 'Save').click();
            await first.getByText('Somebody else has changed this meanwhile').waitFor();
            assert.equal(await stored(), ends[0], 'nothing of the first tab was saved');
            await becomes(() => field.inputValue(), texts[0], 'what was typed');
            await isDisabled(button(first, 'Save'));
            await isAccessible(first, 'a change that came too late');
            await button(first, 'Load what stands now').click();
            await becomes(async () => /token:read|license:write/.test(await field.inputValue()), true, 'what stands now');
            await field.fill(texts[2]);
            await first.getByText('Show as command').click();
            const curl = first.getByText('curl', {exact: true});
            if (await curl.count()) await curl.click();
            await first.getByLabel('curl', {exact: true}).last().getByText(/If-Match: (W\/)?"/).waitFor();
            await button(first, 'Save').click();
            await first.getByText('Saved', {exact: true}).first().waitFor();
            assert.equal(await stored(), ends[1]);
        }
    },

    // A token that was made elsewhere says where.
    async imported(browser) {
        const page = await open(browser);
        await page.getByRole('link', {name: 'from the old system'}).click();
        await page.getByRole('heading', {name: 'from the old system', level: 1}).waitFor();
        const facts = page.getByRole('definition');
        await page.getByText('Imported from', {exact: true}).waitFor();
        await facts.getByText('acme', {exact: true}).waitFor();
        await isAccessible(page, 'an imported token');
        await page.goto(`${kTokens}/${input.token}`);
        await page.getByRole('heading', {name: 'ci-deploy', level: 1}).waitFor();
        assert.equal(await page.getByText('Imported from').count(), 0);
    },

    // Each question says what will happen, and how a terminal does the same.
    async questions(browser) {
        const page = await open(browser);
        await row(page, 'ci-deploy');
        const asked = async (action, title, effect, command) => {
            await chooseAction(page, 'ci-deploy', action);
            const question = page.getByRole('alertdialog', {name: title});
            await question.getByText(effect).waitFor();
            await question.getByLabel('Reason').fill("it's $(leaked)");
            await question.getByText('Show as command').click();
            await becomes(() => question.getByLabel('Command', {exact: true}).textContent(), command, 'the command');
            await question.getByText('curl', {exact: true}).click();
            await question.getByLabel('curl', {exact: true}).last().getByText('/v1/tokens/' + input.token).waitFor();
            await isAccessible(page, title);
            await page.keyboard.press('Escape');
            await question.waitFor({state: 'detached'});
        };
        const reason = " --reason 'it'\\''s $(leaked)'";
        await asked('Suspend…', 'Suspend ci-deploy?', 'Requests fail until you resume it.',
            `latchkey token suspend ${input.token}${reason}`);
        await asked('Revoke…', 'Revoke ci-deploy?', 'This cannot be undone',
            `latchkey token revoke ${input.token}${reason}`);
        assert.equal((await whoIs(input.secret)).status, 200);
        await page.goto(`${kTokens}/${input.token}?ask=rotate`);
        const rotation = page.getByRole('dialog');
        await rotation.getByText('Show as command').click();
        await rotation.getByLabel('Command', {exact: true}).getByText(`latchkey token rotate ${input.token} --grace 24h`).waitFor();
        await page.keyboard.press('Escape');
        await page.goto('/system');
        await button(page, 'Rotate…').click();
        await page.getByLabel('Emergency: the present key may be stolen').check();
        await page.getByText(/live tokens stop working at once/).waitFor();
        await page.getByText('Show as command').click();
        await page.getByLabel('Command', {exact: true}).getByText('latchkey admin rotate-keys --emergency').waitFor();
        await isAccessible(page, 'the question before keys are rotated');
        await page.keyboard.press('Escape');
        await page.goto('/access/roles');
        await button(page, 'New role').click();
        await page.getByLabel('Name', {exact: true}).fill('auditor');
        await page.getByLabel('Scopes').fill('latchkey: event:read\n*: license:read');
        await page.getByText('Show as command').click();
        await page.getByLabel('Command', {exact: true}).getByText("latchkey role create auditor --allow latchkey=event:read --allow '*=license:read'").waitFor();
        await isAccessible(page, 'the form of a role');
    },
};

await run(kScenarios);
