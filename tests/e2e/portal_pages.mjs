// Every page of the portal in Debian's Chromium, and what is done there.
//     node portal_pages.mjs <scenario> <input as JSON>
import assert from 'node:assert/strict';
import {becomes, input, isAccessible, run, watchedPage} from './browser.mjs';
import {button, call, hears, kTokens, open, photograph, row, whoIs} from './portal_steps.mjs';

const kScenarios = {
    // Every page, in both themes and at 320 px; with input.shots as documentation.
    async pages(browser) {
        const page = await open(browser);
        const pages = {
            overview: ['/', 'Hello'], tokens: [kTokens, 'Access tokens'], 'new-token': [kTokens + '/new', 'New access token'],
            token: [`${kTokens}/${input.token}`, 'ci-deploy'], 'token-usage': [`${kTokens}/${input.token}?tab=usage`, 'ci-deploy'],
            'token-projects': [`${kTokens}/${input.token}?tab=projects`, 'ci-deploy'],
            'token-activity': [`${kTokens}/${input.token}?tab=activity`, 'ci-deploy'],
            'key-token': [`${kTokens}/${input.key}?tab=keys`, 'billing-service'],
            inspector: ['/developer/inspector', 'Inspector'], projects: ['/projects', 'Projects'],
            project: ['/projects/' + input.project, 'checkout'], 'all-tokens': ['/access/tokens', 'All tokens'],
            users: ['/access/users', 'Users'], user: ['/access/users/' + input.user, 'Grace Hopper'],
            roles: ['/access/roles', 'Roles'], apis: ['/access/apis', 'APIs'], audit: ['/audit', 'Event log'],
            settings: ['/system/settings', 'Settings'], 'token-rules': ['/system/token-rules', 'Token rules'],
            system: ['/system', 'System'], account: ['/account', 'Account'], device: ['/device', 'Log in a command line'],
            nowhere: ['/developer/nothing', 'There is no such page'],
            'no-token': [kTokens + '/' + input.user, 'Access token'], 'no-project': ['/projects/' + input.user, 'Project'],
            'no-user': ['/access/users/' + input.token, 'User'],
        };
        for (const [name, [path, heading]] of Object.entries(pages)) {
            await page.goto(path);
            await page.getByRole('heading', {name: heading, level: 1}).waitFor();
            await page.waitForLoadState('load');
            await page.getByRole('status', {name: 'Loading'}).first().waitFor({state: 'detached'});
            await isAccessible(page, name);
            // These have their pictures taken where there is more to see.
            if (!['token-usage', 'token-rules', 'settings', 'device'].includes(name) && !name.startsWith('no')) await photograph(page, name);
        }
    },

    // Names as long as they may be push nothing off the screen, and a scope stays one word.
    async longNames(browser) {
        const long = 'Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft'.repeat(2);
        await call('POST', '/v1/projects', {name: long.slice(0, 64), description: long});
        await call('POST', '/v1/tokens', {name: long.slice(0, 100), description: long, scopes: ['license:read'], api: 'licensing'});
        await call('POST', '/v1/users', {kind: 'human', name: long.slice(0, 100), email: long.slice(0, 60) + '@' + long.slice(0, 60) + '.example'});
        const page = await open(browser);
        for (const path of ['/', kTokens, '/projects', '/access/users', '/audit', '/access/tokens']) {
            await page.goto(path);
            await page.getByText(/^Donaudampf/).locator('visible=true').first().waitFor();
            await isAccessible(page, 'long names on ' + path);
        }
        const heights = () => page.locator('td code').evaluateAll((all) => all.map((one) => Math.round(one.getBoundingClientRect().height)));
        await becomes(async () => (await heights()).filter((height) => height > 24), [], 'scopes of two lines');
        assert.ok((await heights()).length > 0);
    },

    // With colours of the system's own, what is chosen can still be told from what is not.
    async forcedColours(browser) {
        const page = await open(browser, {forcedColors: 'active'});
        const differ = async (chosen, other, what) => {
            await chosen.waitFor();
            const grounds = await Promise.all([chosen, other].map((one) => one.evaluate((element) => getComputedStyle(element).backgroundColor)));
            assert.notEqual(grounds[0], grounds[1], what);
        };
        const link = (name) => page.getByRole('navigation', {name: 'Main'}).getByRole('link', {name, exact: true});
        await differ(link('Access tokens'), link('Projects'), 'places');
        await button(page, 'Actions for ci-deploy').press('Enter');
        await page.keyboard.press('ArrowDown');
        await differ(page.locator('[role=menuitem][data-highlighted]'), page.locator('[role=menuitem]:not([data-highlighted])').first(), 'a menu');
        await page.goto(`${kTokens}/${input.token}?tab=usage`);
        await differ(page.getByRole('tab', {name: 'Usage'}), page.getByRole('tab', {name: 'Overview'}), 'tabs');
        await page.goto('/account');
        const label = (text) => page.locator('label').filter({hasText: text});
        await differ(label('English'), label('Deutsch'), 'segments');
    },

    // The page of a token: what can be changed there, and what stops and starts.
    async detail(browser) {
        const page = await open(browser);
        await page.getByRole('link', {name: 'ci-deploy'}).click();
        await page.getByRole('heading', {name: 'ci-deploy', level: 1}).waitFor();
        await button(page, 'Edit').click();
        await page.getByRole('dialog').getByLabel('Description').fill('Deploys from the new pipeline');
        await isAccessible(page, 'the form of changes');
        await button(page, 'Save').click();
        await page.getByRole('definition').getByText('Deploys from the new pipeline').waitFor();
        await button(page, 'More actions').click();
        await page.getByRole('menuitem', {name: 'Suspend…'}).click();
        await page.getByLabel('Reason').fill('a strange address');
        await button(page, 'Suspend token').click();
        await page.getByText('Suspended: a strange address').waitFor();
        assert.equal((await whoIs(input.secret)).status, 401);
        await isAccessible(page, 'a suspended token');
        await button(page, 'Resume…').click();
        await button(page, 'Resume token').click();
        await page.getByText('Suspended: a strange address').waitFor({state: 'detached'});
        assert.equal((await whoIs(input.secret)).status, 200);
        await page.getByRole('tab', {name: 'Projects and policies'}).click();
        await button(page, 'Add statement').click();
        await button(page, 'Save policy').click();
        await page.getByText('The policy was not saved').waitFor();
        const actions = page.getByLabel('Actions', {exact: true});
        await becomes(() => actions.getAttribute('aria-invalid'), 'true', 'the field without an action, invalid,');
        await isAccessible(page, 'a statement without an action');
        await actions.fill('license:read');
        await page.getByLabel('Action', {exact: true}).fill('license:read');
        await button(page, 'Simulate').click();
        await page.getByText('Allowed', {exact: true}).waitFor();
        await page.getByText('With the changes that are not saved yet.').waitFor();
        await isAccessible(page, 'a policy and its simulator');
        await button(page, 'Save policy').click();
        await page.getByText('Policy saved').first().waitFor();
        await page.getByLabel('Action', {exact: true}).fill('license:write');
        await button(page, 'Simulate').click();
        await page.getByText('Denied', {exact: true}).waitFor();
        await page.getByRole('tab', {name: 'Activity'}).click();
        await page.getByText('token.suspended').waitFor();
        await page.getByText('policy.updated').waitFor();
        await page.getByRole('tab', {name: 'Overview'}).click();
        await button(page, 'More actions').click();
        await page.getByRole('menuitem', {name: 'New token like this'}).click();
        await page.getByText('Like ci-deploy').waitFor();
        await becomes(() => page.getByLabel('Name', {exact: true}).inputValue(), 'ci-deploy copy', 'the name');
        await becomes(() => page.getByLabel('Description').inputValue(), 'Deploys from the new pipeline', 'the description');
        await page.getByText('2 of').waitFor();
    },

    // A token is taken apart in the page; nothing goes out before one asks.
    async inspector(browser) {
        const page = await open(browser);
        await page.goto('/developer/inspector');
        await hears(page);
        const asked = [];
        page.on('request', (request) => asked.push(new URL(request.url()).pathname));
        await page.getByLabel('Token', {exact: true}).fill(input.jwt);
        await page.getByText('The signature is ours.').waitFor();
        await page.getByRole('definition').getByText('licensing-api').waitFor();
        await isAccessible(page, 'an inspected token');
        await page.getByLabel('Token', {exact: true}).fill(input.jwt.slice(0, -6) + 'AAAAAA');
        await page.getByText('This server did not sign it.').waitFor();
        await page.getByLabel('Token', {exact: true}).fill(input.secret);
        await page.getByText('An opaque token, copied right.').waitFor();
        assert.deepEqual(asked.filter((path) => !/^\/(assets\/.*|\.well-known\/jwks\.json|v1\/events\/stream)$/.test(path)), []);
        await button(page, 'Ask this server').click();
        await page.getByText('It works:').waitFor();
        await page.getByLabel('Token', {exact: true}).fill(input.secret.slice(0, -1) + (input.secret.endsWith('0') ? '1' : '0'));
        await page.getByText('The checksum does not fit.').waitFor();
    },

    // Projects and people: made, given rights, stopped with the consequences said before.
    async people(browser) {
        const page = await open(browser);
        await page.goto('/projects');
        await button(page, 'New project').click();
        await page.getByRole('dialog').getByLabel('Name', {exact: true}).fill('warehouse');
        await isAccessible(page, 'the form of a project');
        await button(page, 'Create project').click();
        await page.getByRole('heading', {name: 'warehouse', level: 1}).waitFor();
        await button(page, 'Add token').click();
        await page.getByLabel('Token', {exact: true}).selectOption({label: 'ci-deploy'});
        await button(page, 'Add').click();
        await page.getByRole('link', {name: 'ci-deploy'}).waitFor();
        await page.goto('/access/users');
        await button(page, 'New user').click();
        await page.getByLabel('E-mail').fill('linus@example.com');
        await page.getByText('With a password', {exact: true}).click();
        await page.getByLabel('First password').fill('a long enough password');
        await page.getByRole('checkbox', {name: 'member'}).check();
        await isAccessible(page, 'the form of a user');
        await button(page, 'Create user').click();
        await page.getByRole('heading', {name: 'linus@example.com', level: 1}).waitFor();
        await button(page, 'Disable…').click();
        await page.getByText('0 active tokens stop working').waitFor();
        await isAccessible(page, 'the question before a user is disabled');
        await button(page, 'Disable user').click();
        await page.getByText('Disabled', {exact: true}).waitFor();
        await page.goto('/audit');
        await page.getByRole('button', {name: /user\.disabled/}).waitFor();
        await button(page, 'Check the chain').click();
        await page.getByText(/The chain of \d+ events is whole/).first().waitFor();
        await page.getByLabel('Kind of event').selectOption('user.disabled');
        await page.getByRole('button', {name: /user\.created/}).first().waitFor({state: 'detached'});
        await page.goto('/account');
        await page.getByText('Command line', {exact: true}).first().waitFor();
        await button(page, 'End…').first().click();
        await button(page, 'End session').click();
        await page.getByText('Session ended').first().waitFor();
    },

    // A new secret while the old one goes on; both are seen until the old one ends.
    async rotate(browser) {
        const page = await open(browser);
        await page.getByRole('link', {name: 'ci-deploy'}).click();
        await button(page, 'Rotate…').click();
        await page.getByRole('dialog').getByText('The old secret ends').first().waitFor();
        await isAccessible(page, 'the question before a rotation');
        await page.getByText('in 1 hour').click();
        await button(page, 'Rotate token').click();
        await page.getByRole('dialog', {name: 'Your new secret'}).waitFor();
        const secret = await page.getByLabel('Secret', {exact: true}).inputValue();
        assert.notEqual(secret, input.secret);
        await page.getByLabel('I have saved it in a safe place').check();
        await button(page, 'Done').click();
        await page.getByText('Secret 2').waitFor();
        await page.getByText('Secret 1').waitFor();
        assert.equal((await whoIs(secret)).status, 200);
        assert.equal((await whoIs(input.secret)).status, 200);
        await isAccessible(page, 'a rotated token');
        await photograph(page, 'token-rotated');
        await page.getByRole('tab', {name: 'Usage'}).click();
        await page.getByText('Day by day').waitFor();
        await page.getByRole('img', {name: /uses and .* refusals/}).waitFor();
        await page.locator('canvas').first().waitFor();
        await isAccessible(page, 'the usage of a token');
        await photograph(page, 'token-usage');
        await page.getByRole('tab', {name: 'Overview'}).click();
        await button(page, 'Rotate…').click();
        await page.getByText('now', {exact: true}).click();
        await button(page, 'Rotate token').click();
        await page.getByRole('dialog', {name: 'Your new secret'}).waitFor();
        const third = await page.getByLabel('Secret', {exact: true}).inputValue();
        await page.getByLabel('I have saved it in a safe place').check();
        await button(page, 'Done').click();
        await page.getByText('Secret 3').waitFor();
        assert.equal((await whoIs(third)).status, 200);
        for (const old of [secret, input.secret]) assert.equal((await whoIs(old)).status, 401);
    },

    // A command line asks; the person sees who asks, and gives the password once more.
    async device(browser) {
        const page = await open(browser);
        const ask = async () => (await (await fetch(input.url + '/oauth2/device_authorization', {
            method: 'POST', body: new URLSearchParams({client_id: 'latchkey-cli'}),
        })).json());
        const poll = async (code) => (await (await fetch(input.url + '/oauth2/token', {
            method: 'POST', body: new URLSearchParams({
                grant_type: 'urn:ietf:params:oauth:grant-type:device_code', client_id: 'latchkey-cli', device_code: code,
            }),
        })).json());
        const first = await ask();
        await page.goto('/device?user_code=' + first.user_code);
        await page.getByText('latchkey-cli').waitFor();
        await page.getByText('Is this you, right now?').waitFor();
        await isAccessible(page, 'the confirmation of a command line');
        await photograph(page, 'device');
        await page.getByLabel('Password', {exact: true}).fill('not the password');
        await button(page, 'Approve').click();
        await page.getByText('That did not work').waitFor();
        await page.getByLabel('Password', {exact: true}).fill(input.password);
        await button(page, 'Approve').click();
        await page.getByText('The command line is logged in.').waitFor();
        assert.match((await poll(first.device_code)).access_token, /^lks_/);
        // Who comes back to the tab later reads the same, though the server has forgotten the code.
        await page.clock.setFixedTime(Date.now() + 600_000);
        await Promise.all([
            page.waitForResponse((response) => response.url().endsWith('/v1/users/me')),
            page.evaluate(() => window.dispatchEvent(new Event('visibilitychange'))),
        ]);
        await page.getByText('The command line is logged in.').waitFor();
        await page.clock.setFixedTime(Date.now());
        const second = await ask();
        await page.goto('/device');
        await page.getByLabel('Code').fill(second.user_code.toLowerCase().replace('-', ''));
        await button(page, 'Go on').click();
        await button(page, 'Deny').click();
        await page.getByText('It was refused.').waitFor();
        assert.equal((await poll(second.device_code)).access_token, undefined);
        await page.goto('/device?user_code=AAAA-BBBB');
        await page.getByText('No command line asks with this code').waitFor();
    },

    // Many are stopped by one rule, after it has said which.
    async rule(browser) {
        const page = await open(browser);
        await page.goto('/access/tokens');
        await row(page, 'ci-deploy');
        await button(page, 'Stop many…').click();
        await page.getByText('Suspend', {exact: true}).click();
        await page.getByLabel('Has the scope').fill('license:read');
        await button(page, 'Show which').click();
        await page.getByText('2 tokens fit').waitFor();
        await isAccessible(page, 'a rule that stops tokens');
        await becomes(() => button(page, 'Suspend all of them').isDisabled(), true, 'the button, disabled,');
        await page.getByLabel('Type 2 to confirm').fill('2');
        await button(page, 'Suspend all of them').click();
        await page.getByText('2 tokens suspended').first().waitFor();
        await (await row(page, 'ci-deploy')).getByText('Suspended').waitFor();
        assert.equal((await whoIs(input.secret)).status, 401);
    },

    // German, and a language that exists for tests: longer words, from right to left.
    async languages(browser) {
        const page = await watchedPage(browser, {locale: 'de-DE'});
        await page.goto('/login');
        await page.getByRole('heading', {name: 'Anmelden'}).waitFor();
        await isAccessible(page, 'the login in German');
        await page.getByLabel('E-Mail').fill(input.email);
        await page.getByLabel('Passwort', {exact: true}).fill(input.password);
        await page.getByRole('button', {name: 'Anmelden'}).click();
        await page.waitForURL((url) => url.pathname !== '/login');
        await page.goto(kTokens);
        await page.getByRole('heading', {name: 'Zugriffstoken', level: 1}).waitFor();
        await becomes(() => page.evaluate(() => document.documentElement.lang), 'de', 'the language');
        await isAccessible(page, 'the list in German');
        await page.evaluate(() => localStorage.setItem('language', 'ar-XB'));
        for (const path of [kTokens, kTokens + '/new', `${kTokens}/${input.token}`, '/', '/projects', '/account', '/audit', '/system', '/system/settings', '/system/token-rules', '/access/users']) {
            await page.goto(path);
            const heading = page.getByRole('heading', {level: 1});
            await heading.waitFor();
            await becomes(() => page.evaluate(() => document.documentElement.dir), 'rtl', 'the direction');
            await page.waitForLoadState('load');
            await isAccessible(page, path + ' from right to left');
            const bare = () => page.evaluate(() => [...document.querySelectorAll('main h1, main h2, main label, main button, nav a')]
                .map((e) => e.textContent.trim()).filter((text) => /^[A-Z][a-z]+ [a-z]/.test(text)));
            await becomes(bare, [], path + ': words that are in no catalogue');
        }
    },
};

await run(kScenarios, ['--host-resolver-rules=MAP latchkey.lan 127.0.0.1']);
